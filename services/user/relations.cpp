#include "user/relations.hpp"

#include "user/limits.hpp"

namespace grover::user {

using store::where;

http::Position edge_position(http::PageRequest const& page) {
    if (!page.after) return {};
    auto const& position = *page.after;
    bool const good = position.size() == 2 && position[0].is_string() && position[1].is_string() &&
                      Timestamp::parse(position[0].get_string());
    if (!good) throw Error(std::vector<Issue>{{"query/cursor", "is not a cursor of this list"}});
    return position;
}

Task<Meeting> Relations::read(UserId actor, UserId target) const {
    auto users = co_await data_.users.find_many({actor, target});
    if (!users[1]) throw_no_such_user();
    if (!users[0]) throw_account_gone();
    Meeting out{.actor = std::move(users[0]->value),
                .target = std::move(users[1]->value),
                .pair = Pair::between(actor, target),
                .forward_version = {},
                .backward_version = {}};
    auto edges =
        co_await data_.edges.find_many({out.pair.forward.edge_id, out.pair.backward.edge_id});
    if (edges[0]) {
        out.pair.forward = std::move(edges[0]->value);
        out.forward_version = edges[0]->version;
    }
    if (edges[1]) {
        out.pair.backward = std::move(edges[1]->value);
        out.backward_version = edges[1]->version;
    }
    co_return out;
}

bool Relations::apply(Change const& change, Meeting& meeting, store::Batch& batch) const {
    auto after = meeting.pair;
    change(meeting, after);
    if (after == meeting.pair) return false;
    add_writes(batch, meeting, after);
    auto const counters = counter_change(meeting.pair, after);
    meeting.actor.following_count += counters.actor_following;
    meeting.actor.followers_count += counters.actor_followers;
    meeting.target.following_count += counters.target_following;
    meeting.target.followers_count += counters.target_followers;
    meeting.pair = std::move(after);
    return true;
}

void Relations::add_writes(store::Batch& batch, Meeting const& before, Pair const& after) const {
    add_edge(batch, after.forward, before.forward_version, after.forward != before.pair.forward);
    add_edge(batch, after.backward, before.backward_version,
             after.backward != before.pair.backward);
    add_counters(batch, before, after);
    if (changes_view(before.pair, after))
        outbox_.add(batch, contracts::RelationChanged{.user_id = before.actor.user_id,
                                                      .other_id = before.target.user_id});
}

/// Every edge of the pair is part of the commit, changed or not: both must still be as they were
/// read.
void Relations::add_edge(store::Batch& batch, Edge const& after,
                         std::optional<std::int64_t> version, bool changed) const {
    auto const& edges = data_.edges;
    if (!version && changed)
        edges.insert(batch, after);
    else if (!version)  // Nobody is an actor without a name: rejected if there is an edge by now.
        edges.patch(batch, after.edge_id).only_if(where<&Edge::actor>(UserId())).ignore_missing();
    else if (says_nothing(after))
        edges.remove(batch, after.edge_id, {.if_version = version});
    else if (changed)
        edges.replace(batch, after, version);
    else
        edges.patch(batch, after.edge_id).if_version(*version);
}

/// Both accounts are written by every change, so that on any engine changes of one pair come one
/// after the other, and none comes after the end of an account.
void Relations::add_counters(store::Batch& batch, Meeting const& before, Pair const& after) const {
    auto const counters = counter_change(before.pair, after);
    auto actor = data_.users.patch(batch, before.actor.user_id);
    actor.inc<&User::relation_changes>();
    if (counters.actor_following != 0) actor.inc<&User::following_count>(counters.actor_following);
    if (counters.actor_followers != 0) actor.inc<&User::followers_count>(counters.actor_followers);
    auto target = data_.users.patch(batch, before.target.user_id);
    target.inc<&User::relation_changes>();
    if (counters.target_following != 0)
        target.inc<&User::following_count>(counters.target_following);
    if (counters.target_followers != 0)
        target.inc<&User::followers_count>(counters.target_followers);
    target.only_if(where<&User::is_private>(before.target.is_private));
}

}  // namespace grover::user
