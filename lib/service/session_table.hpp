// Sessions by the digest of their token, in 64 bytes each: an ordinary map of tokens and callers
// takes ten times that, and a gateway remembers everybody who was there in the last minute.
//
//     SessionTable table(12'500);
//     table.put(digest, {.caller = caller, .expires_at = expires_at, .checked = now});
//     if (auto const known = table.find(digest)) ...
//
// Open addressing with linear probing over one array; removal moves what follows back (Knuth, The
// Art of Computer Programming, volume 3, section 6.4, algorithm R), so there are no tombstones. Ids
// are kept as the 128 bits of their ULID; sessions whose ids have another form (older systems')
// take a place in a map beside it. Cost: one or two cache lines to find, and the making of a
// Caller. Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/caller.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"

namespace grover::service {

/// The first half of a token's SHA-256.
struct TokenDigest {
    std::array<std::uint64_t, 2> words{};

    /// Of 64 hex digits, as auth::hash_token() makes them; what has another form is nobody's.
    static TokenDigest of(std::string_view token_hash) noexcept;
    bool operator==(TokenDigest const&) const = default;
    struct Hash {
        std::size_t operator()(TokenDigest const& digest) const noexcept { return digest.words[0]; }
    };
};

class SessionTable {
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Session {
        std::optional<auth::Caller> caller;  // nothing: the token is known to be no good
        Timestamp expires_at;                // of a caller's session
        Time checked{};                      // when this was true; kept to 1/16 s, rounded down
    };

    /// Never more than `sessions_max`: then one of the oldest makes room.
    explicit SessionTable(std::size_t sessions_max) noexcept : sessions_max_(sessions_max) {}

    /// Adds or replaces. What was checked before `worthless` is thrown away when room is needed.
    void put(TokenDigest const& digest, Session const& session, Time worthless);
    std::optional<Session> find(TokenDigest const& digest) const;
    bool erase(TokenDigest const& digest) noexcept;
    std::size_t size() const noexcept { return size_; }

private:
    using Ticks = std::chrono::duration<std::uint32_t, std::ratio<1, 16>>;
    enum class State : std::uint8_t { empty, refused, caller, odd_caller };

    struct Slot {
        TokenDigest digest;
        Ulid user{}, session{};  // of a caller
        Timestamp expires_at;
        Ticks checked{};
        State state = State::empty;
        std::uint8_t roles = 0;  // a bit for each
    };
    static_assert(sizeof(Slot) == 64);

    static std::optional<Slot> packed(auth::Caller const& caller);
    Ticks ticks_of(Time time) const noexcept;
    std::size_t home_of(TokenDigest const& digest) const noexcept {
        return digest.words[0] & (slots_.size() - 1);
    }
    std::size_t next(std::size_t index) const noexcept { return (index + 1) & (slots_.size() - 1); }
    /// Where it is, or the empty slot where it would be. There is always one that is empty.
    std::size_t index_of(TokenDigest const& digest) const noexcept;
    void erase_at(std::size_t index) noexcept;
    void make_room(Time worthless);
    void evict_one() noexcept;

    std::size_t const sessions_max_;
    std::vector<Slot> slots_;  // a power of two, at most 7/8 of them in use
    std::size_t size_ = 0;
    std::size_t hand_ = 0;  // where the search for somebody to evict goes on
    Time const began_ = std::chrono::steady_clock::now() - std::chrono::hours(24);
    std::unordered_map<TokenDigest, auth::Caller, TokenDigest::Hash> odd_;
};

}  // namespace grover::service
