// Sessions as every process but the user service sees them: looked up once, then cached, and
// dropped as soon as they are revoked.
//
// The user service is the truth. A token that is not cached is looked up there (by its hash: the
// token does not travel). A cached one is good for `freshness`; meanwhile the feed of revocations
// is polled, so a logout is known here within `poll_period`. When the feed cannot be read, entries
// are believed for `freshness_without_feed` only.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "auth/caller.hpp"
#include "base/string_map.hpp"
#include "service/kit.hpp"
#include "service/peer.hpp"

namespace grover::service {

/// Thread-safe. Memory is bounded: sessions_max entries, the oldest of a shard go first.
class Sessions {
public:
    static constexpr auto freshness = std::chrono::seconds(60);
    static constexpr auto freshness_without_feed = std::chrono::seconds(1);
    static constexpr auto unknown_freshness = std::chrono::seconds(1);
    static constexpr auto poll_period = std::chrono::milliseconds(250);
    static constexpr std::size_t sessions_max = 200'000;

    /// `users` must outlive this. Starts polling with the service.
    Sessions(Kit& kit, Peer& users);

    /// What a token stands for; `identity` is the signed header for the next hop.
    struct Found {
        std::optional<auth::Caller> caller;  // nothing: unknown, expired or revoked
        std::string identity;
    };
    /// Throws Error (unavailable) when the user service cannot be asked.
    Task<std::shared_ptr<Found const>> find(std::string_view token, http::RequestInfo info);
    /// The same, when it is known already; null otherwise. Costs a lock that is hardly ever
    /// contended, and a look-up.
    std::shared_ptr<Found const> cached(std::string_view token);

private:
    using Time = std::chrono::steady_clock::time_point;
    /// The first half of a token's SHA-256: a revocation finds its session by it.
    struct Digest {
        std::array<std::uint64_t, 2> words{};
        bool operator==(Digest const&) const = default;
        struct Hash {
            std::size_t operator()(Digest const& digest) const noexcept { return digest.words[0]; }
        };
    };
    struct Entry {
        std::shared_ptr<Found const> found;  // shared with the requests that use it
        Digest digest;
        Time checked{};
        Time signed_at{};
        Timestamp expires_at;
    };
    struct Shard {
        std::mutex mutex;
        StringMap<Entry> by_token;
        // Of good sessions. Nodes of a map stay where they are, so the token need not be kept
        // twice.
        std::unordered_map<Digest, StringMap<Entry>::value_type const*, Digest::Hash> by_digest;

        void erase(StringMap<Entry>::iterator at) {
            by_digest.erase(at->second.digest);
            by_token.erase(at);
        }
    };
    static Digest digest_of(std::string_view token_hash);

    Shard& shard_of(std::string_view token) {
        return shards_[StringHash{}(token) % shards_.size()];
    }
    void keep(std::string_view token, Entry entry);
    void forget(std::string const& token_hash);
    Task<> poll();
    std::shared_ptr<Found const> sign(std::optional<auth::Caller> caller) const;

    Kit& kit_;
    Peer& users_;
    std::array<Shard, 16> shards_;
    std::string position_;
    std::atomic<Time> feed_read_{};
    std::atomic<Time> feed_began_{Time::max()};
};

}  // namespace grover::service
