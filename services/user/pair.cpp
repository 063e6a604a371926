#include "user/pair.hpp"

#include <utility>

namespace grover::user {
namespace {

void part(Edge& edge) {
    edge.followed_at.reset();
    edge.requested_at.reset();
}

std::int64_t difference(Edge const& before, Edge const& after) noexcept {
    return std::int64_t{after.followed_at.has_value()} -
           std::int64_t{before.followed_at.has_value()};
}

bool changes_view(Edge const& before, Edge const& after) noexcept {
    return before.followed_at.has_value() != after.followed_at.has_value() ||
           before.blocked_at.has_value() != after.blocked_at.has_value() ||
           before.muted_at.has_value() != after.muted_at.has_value();
}

/// Sets or clears; false when it was so before.
bool start(std::optional<Timestamp>& at, Timestamp now) {
    if (at) return false;
    at = now;
    return true;
}
bool end(std::optional<Timestamp>& at) {
    return std::exchange(at, std::nullopt).has_value();
}

}  // namespace

std::string edge_id(UserId const& actor, UserId const& target) {
    return actor.str() + ':' + target.str();
}

Pair Pair::between(UserId const& actor, UserId const& target) {
    return {.forward = {edge_id(actor, target), actor, target, {}, {}, {}, {}},
            .backward = {edge_id(target, actor), target, actor, {}, {}, {}, {}}};
}

bool says_nothing(Edge const& edge) noexcept {
    return !edge.followed_at && !edge.requested_at && !edge.blocked_at && !edge.muted_at;
}

FollowStatus follow(Pair& pair, bool target_is_private, Timestamp now) {
    auto& edge = pair.forward;
    if (edge.followed_at) return FollowStatus::already_following;
    if (target_is_private) {
        start(edge.requested_at, now);
        return FollowStatus::requested;
    }
    edge.followed_at = now;
    edge.requested_at.reset();
    return FollowStatus::followed;
}

FollowStatus unfollow(Pair& pair) {
    auto& edge = pair.forward;
    bool const was = edge.followed_at || edge.requested_at;
    part(edge);
    return was ? FollowStatus::unfollowed : FollowStatus::not_following;
}

bool accept(Pair& pair, Timestamp now) {
    if (!end(pair.forward.requested_at)) return false;
    start(pair.forward.followed_at, now);
    return true;
}

bool reject(Pair& pair) {
    return end(pair.forward.requested_at);
}

bool block(Pair& pair, Timestamp now) {
    if (!start(pair.forward.blocked_at, now)) return false;
    part(pair.forward);
    part(pair.backward);
    return true;
}

bool unblock(Pair& pair) {
    return end(pair.forward.blocked_at);
}

bool mute(Pair& pair, Timestamp now) {
    return start(pair.forward.muted_at, now);
}

bool unmute(Pair& pair) {
    return end(pair.forward.muted_at);
}

CounterChange counter_change(Pair const& before, Pair const& after) noexcept {
    auto const forward = difference(before.forward, after.forward);
    auto const backward = difference(before.backward, after.backward);
    return {.actor_following = forward,
            .actor_followers = backward,
            .target_following = backward,
            .target_followers = forward};
}

bool changes_view(Pair const& before, Pair const& after) noexcept {
    return changes_view(before.forward, after.forward) ||
           changes_view(before.backward, after.backward);
}

}  // namespace grover::user
