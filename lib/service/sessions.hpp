// Sessions as every process but the user service sees them: looked up once, then cached, and
// dropped as soon as they are revoked.
//
// The user service is the truth. A token that is not cached is looked up there (by its hash: the
// token does not travel). A cached one is good for `freshness`; meanwhile the feed of revocations
// is polled, so a logout is known here within `poll_period`. When the feed cannot be read, entries
// are believed for `freshness_without_feed` only.
//
// Two tiers: everybody's session in 64 bytes (SessionTable), and, for the tokens that were used
// last, the caller as an object with the signed identity for the next hop. A token that is only in
// the first costs a SHA-256 and an HMAC, about 2 us.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/caller.hpp"
#include "service/kit.hpp"
#include "service/peer.hpp"
#include "service/session_table.hpp"

namespace grover::service {

/// Tells what outlasts a request that the session it began with has ended. Thread-safe.
class SessionWatch {
public:
    bool revoked() const noexcept { return revoked_.load(std::memory_order_relaxed); }

private:
    friend class Sessions;
    std::atomic<bool> revoked_{false};
};

/// Thread-safe. Memory is bounded: sessions_max entries, old ones go first.
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
    /// For Kit::verify_tokens_with, for requests that come without the gateway. This must outlive
    /// it.
    TokenVerifier verifier();
    /// As find(), when it is known already; null otherwise. Costs a lock that is hardly ever
    /// contended, and a look-up; see above for tokens that were not used lately.
    std::shared_ptr<Found const> cached(std::string_view token);
    /// From now on, for as long as it is held; this must outlive it. What was revoked up to
    /// auth::revocation_overlap before is still told.
    std::shared_ptr<SessionWatch const> watch(std::string_view token);

private:
    using Time = SessionTable::Time;
    static constexpr std::size_t shards = 16;
    static constexpr std::size_t recent_max = 2048;

    struct Shard {
        std::mutex mutex;
        SessionTable table{sessions_max / shards};
        std::unordered_map<TokenDigest, std::weak_ptr<SessionWatch>, TokenDigest::Hash> watched;
    };
    /// A token that was used lately; its place is decided by its hash, the last user has it.
    struct Recent {
        std::string token;
        std::shared_ptr<Found const> found;  // shared with the requests that use it
        Timestamp expires_at;
        Time checked{};
        Time signed_at{};
        std::uint64_t news = 0;  // as much of it was known when the table was last asked
    };
    struct RecentShard {
        std::mutex mutex;
        std::array<Recent, recent_max / shards> places;
    };

    bool believed(bool good, Timestamp expires_at, Time checked, Time now) const;
    bool restore(Recent& place, std::string_view token, Time now);
    void revoke(std::string_view token_hash);
    Task<SessionTable::Session> ask(std::string token_hash, http::RequestInfo info);
    Task<> poll();
    std::shared_ptr<Found const> sign(std::optional<auth::Caller> caller) const;
    Shard& shard_of(TokenDigest const& digest) { return shards_[digest.words[1] % shards]; }

    Kit& kit_;
    Peer& users_;
    std::array<Shard, shards> shards_;
    std::array<RecentShard, shards> recent_;
    std::atomic<std::uint64_t> news_{0};  // goes up before and after the revoked leave the table
    std::string position_;
    std::atomic<Time> feed_read_{};
    std::atomic<Time> feed_began_{Time::max()};
};

}  // namespace grover::service
