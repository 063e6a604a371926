#include "user/departures.hpp"

#include "user/limits.hpp"

namespace grover::user {

using store::where;

Task<> Departures::begin(store::Batch& batch, UserId user,
                         std::optional<std::int64_t> if_version) const {
    data_.users.remove(batch, user, {.if_version = if_version});
    data_.credentials.remove(batch, user, {.ignore_missing = true});
    data_.identities.remove_all(batch, where<&ExternalIdentity::user_id>(user));
    for (auto const& session : co_await sessions_.of(user))
        sessions_.end(batch, session.token_hash);
    data_.sessions.remove_all(batch, where<&Session::user_id>(user));
    data_.departures.insert(batch, {.user_id = user, .created_at = clock_()});
    outbox_.add(batch, contracts::UserDeleted{user});
}

Task<> Departures::go_on() {
    for (std::size_t left = limits::departure_batches_per_turn; left > 0;) {
        auto const departure = co_await data_.departures.first({});
        if (!departure) co_return;
        while (left > 0 && co_await remove_some(departure->value.user_id)) --left;
        if (left == 0) co_return;
        store::Batch batch;
        data_.departures.remove(batch, departure->value.user_id, {.ignore_missing = true});
        static_cast<void>(co_await data_.store.commit(std::move(batch)));
        --left;
    }
}

Task<bool> Departures::remove_some(UserId user) const {
    // No new edges come: making one needs both accounts.
    auto edges = co_await data_.edges.list(
        {.filter = where<&Edge::actor>(user), .limit = limits::departure_edges_per_batch});
    bool const outgoing = !edges.empty();
    if (!outgoing)
        edges = co_await data_.edges.list(
            {.filter = where<&Edge::target>(user), .limit = limits::departure_edges_per_batch});
    if (edges.empty()) co_return false;
    store::Batch batch;
    for (auto const& edge : edges) {
        data_.edges.remove(batch, edge->edge_id, {.if_version = edge.version});
        if (!edge->followed_at) continue;
        if (outgoing)
            data_.users.patch(batch, edge->target).inc<&User::followers_count>(-1).ignore_missing();
        else
            data_.users.patch(batch, edge->actor).inc<&User::following_count>(-1).ignore_missing();
    }
    // Rejected when another instance was faster: then there is something left to look at, too.
    static_cast<void>(co_await data_.store.commit(std::move(batch)));
    co_return true;
}

}  // namespace grover::user
