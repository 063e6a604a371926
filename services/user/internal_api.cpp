#include "user/internal_api.hpp"

#include "user/limits.hpp"

namespace grover::user {

Task<std::vector<contracts::UserCard>> InternalApi::cards(auth::Service,
                                                          contracts::UserCardsRequest in) {
    if (in.ids.size() > limits::cards_max)
        throw Error(std::vector<Issue>{{"/ids", "must have at most 1000 entries"}});
    std::vector<contracts::UserCard> out;
    for (auto const& user : co_await data_.users_of(std::move(in.ids)))
        out.push_back(card_of(user));
    co_return out;
}

/// The other ends of all edges of one kind. Not cut short: a missing block would show what must be
/// hidden.
template <auto At, auto Who>
Task<> InternalApi::collect(std::vector<UserId>& out, UserId user) const {
    std::vector<boost::json::value> after;
    for (;;) {
        auto const page = co_await relations_.list<At, Who>(user, grover::limits::find_limit_max, 0,
                                                            std::move(after));
        for (auto const& edge : page)
            out.push_back(edge->actor == user ? edge->target : edge->actor);
        if (page.size() < grover::limits::find_limit_max) co_return;
        after = data_.edges.position({store::descending<At>()}, *page.back());
    }
}

Task<contracts::Relations> InternalApi::relations(auth::Service, http::Path<UserId, "user_id"> id) {
    static_cast<void>(co_await data_.user(*id));
    contracts::Relations out{.user_id = *id, .following = {}, .blocked = {}, .muted = {}};
    co_await collect<&Edge::followed_at, &Edge::actor>(out.following, *id);
    co_await collect<&Edge::blocked_at, &Edge::actor>(out.blocked, *id);
    co_await collect<&Edge::blocked_at, &Edge::target>(out.blocked, *id);
    co_await collect<&Edge::muted_at, &Edge::actor>(out.muted, *id);
    co_return out;
}

Task<contracts::Session> InternalApi::verify_session(auth::Service, contracts::SessionLookup in) {
    auto session = co_await sessions_.verify(std::move(in.token_hash));
    if (!session)
        throw Error(ErrorCode::not_found, "session_not_found", "there is no such session");
    co_return *std::move(session);
}

Task<contracts::Revocations> InternalApi::revoked_sessions(
    auth::Service, http::Query<std::optional<std::string>, "since"> since) {
    co_return co_await sessions_.revoked((*since).value_or(""));
}

}  // namespace grover::user
