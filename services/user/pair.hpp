// Everything that two people are to each other, and how it changes: follow, request, block, mute.
// Pure functions; Graph reads and writes.
#pragma once

#include <optional>

#include "user/user.hpp"

namespace grover::user {

/// "actor:target". Ids have no colon.
std::string edge_id(UserId const& actor, UserId const& target);

/// Both directions between `actor` and `target`; an edge that says nothing is not stored.
struct Pair {
    Edge forward;   // what the actor does about the target
    Edge backward;  // what the target does about the actor

    static Pair between(UserId const& actor, UserId const& target);

    bool operator==(Pair const&) const = default;
    bool blocked() const noexcept { return forward.blocked_at || backward.blocked_at; }
};

bool says_nothing(Edge const& edge) noexcept;

enum class FollowStatus { followed, already_following, requested, unfollowed, not_following };
BOOST_DESCRIBE_ENUM(FollowStatus, followed, already_following, requested, unfollowed, not_following)

/// Of a private account a follow is asked for. The pair must not be blocked.
FollowStatus follow(Pair& pair, bool target_is_private, Timestamp now);
/// Also takes a request back.
FollowStatus unfollow(Pair& pair);
/// The target lets the actor follow, or not. False when nothing was asked.
bool accept(Pair& pair, Timestamp now);
bool reject(Pair& pair);
/// The actor blocks the target: neither follows the other any more. Blocks and mutes of the other
/// side stay. False when it was so before; likewise below.
bool block(Pair& pair, Timestamp now);
bool unblock(Pair& pair);
bool mute(Pair& pair, Timestamp now);
bool unmute(Pair& pair);

/// What a change of a pair does to the counters of its two users.
struct CounterChange {
    std::int64_t actor_following = 0;
    std::int64_t actor_followers = 0;
    std::int64_t target_following = 0;
    std::int64_t target_followers = 0;
};
CounterChange counter_change(Pair const& before, Pair const& after) noexcept;

/// True when somebody sees other posts than before: a follow, block or mute came or went.
bool changes_view(Pair const& before, Pair const& after) noexcept;

}  // namespace grover::user
