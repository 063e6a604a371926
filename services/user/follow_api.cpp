#include "user/follow_api.hpp"

#include "user/limits.hpp"

namespace grover::user {
namespace {

void refuse_oneself(auth::Caller const& caller, UserId const& other) {
    if (caller.user_id == other)
        throw Error(ErrorCode::malformed, "cannot_follow_yourself", "you cannot follow yourself");
}

}  // namespace

FollowApi::FollowApi(Data& data, People const& people, Relations const& relations, Clock clock)
    : data_(data), people_(people), relations_(relations), clock_(std::move(clock)) {}

Task<FollowReply> FollowApi::follow(auth::Caller caller, UserPath id, service::Unit unit) {
    refuse_oneself(caller, *id);
    FollowStatus status{};
    bool may_ask = false;
    auto const change = [&](Meeting const& meeting, Pair& pair) {
        if (pair.blocked()) throw_no_such_user();
        auto const before = pair;
        status = user::follow(pair, meeting.target.is_private, clock_());
        if (status == FollowStatus::requested && !may_ask) pair = before;
        if (status == FollowStatus::followed &&
            meeting.actor.following_count >= limits::follows_max)
            throw Error(ErrorCode::forbidden, "too_many_follows",
                        "you follow as many people as one can");
    };
    auto const answer = [&](Meeting const& after) {
        return FollowReply{status, after.pair.forward.followed_at.has_value(),
                           after.target.followers_count};
    };
    auto reply = co_await relations_.change(unit, caller.user_id, *id, change, answer);
    if (status != FollowStatus::requested) co_return reply;
    co_await check_request_limit(caller);
    may_ask = true;
    co_return co_await relations_.change(unit, caller.user_id, *id, change, answer);
}

/// Counted only for those who ask; a few more may slip through together.
Task<> FollowApi::check_request_limit(auth::Caller const& caller) const {
    auto const open =
        co_await data_.edges.count(store::where<&Edge::actor>(caller.user_id) &&
                                   store::where<&Edge::requested_at>.greater(Timestamp{}));
    if (open >= limits::requests_max)
        throw Error(ErrorCode::forbidden, "too_many_requests",
                    "too many of your requests wait for an answer");
}

Task<FollowReply> FollowApi::unfollow(auth::Caller caller, UserPath id, service::Unit unit) {
    refuse_oneself(caller, *id);
    FollowStatus status{};
    co_return co_await relations_.change(
        unit, caller.user_id, *id,
        [&](Meeting const&, Pair& pair) {
            if (pair.blocked()) throw_no_such_user();
            status = user::unfollow(pair);
        },
        [&](Meeting const& after) {
            return FollowReply{status, false, after.target.followers_count};
        });
}

template <auto At, auto Who>
Task<http::List<UserPublic>> FollowApi::list(auth::Viewer viewer, UserId of,
                                             http::PageRequest page) {
    auto found = co_await relations_.page<At, Who>(of, page);
    std::vector<UserId> ids;
    for (auto const& edge : found.edges) ids.push_back(edge.actor == of ? edge.target : edge.actor);
    auto users = co_await data_.users_of(std::move(ids));
    co_return http::List<UserPublic>{co_await people_.views(std::move(viewer), std::move(users)),
                                     std::move(found.next)};
}

Task<http::List<UserPublic>> FollowApi::followers(auth::Viewer viewer, UserPath id, Page page) {
    People::check_lists_open(co_await people_.see(viewer, *id), viewer);
    co_return co_await list<&Edge::followed_at, &Edge::target>(std::move(viewer), *id, page);
}

Task<http::List<UserPublic>> FollowApi::following(auth::Viewer viewer, UserPath id, Page page) {
    People::check_lists_open(co_await people_.see(viewer, *id), viewer);
    co_return co_await list<&Edge::followed_at, &Edge::actor>(std::move(viewer), *id, page);
}

Task<http::List<UserPublic>> FollowApi::requests(auth::Caller caller, Page page) {
    co_return co_await list<&Edge::requested_at, &Edge::target>(auth::Viewer{caller},
                                                                caller.user_id, page);
}

/// The caller is the target of the request: the pair is read from the other side.
Task<AnswerReply> FollowApi::accept(auth::Caller caller, UserPath id, service::Unit unit) {
    co_return co_await relations_.change(
        unit, *id, caller.user_id,
        [&](Meeting const&, Pair& pair) {
            if (!user::accept(pair, clock_()) && !pair.forward.followed_at)
                throw Error(ErrorCode::not_found, "request_not_found", "there is no such request");
        },
        [](Meeting const& after) {
            return AnswerReply{Answer::accepted, after.target.followers_count};
        });
}

Task<AnswerReply> FollowApi::reject(auth::Caller caller, UserPath id, service::Unit unit) {
    co_return co_await relations_.change(
        unit, *id, caller.user_id,
        [&](Meeting const&, Pair& pair) {
            if (!user::reject(pair))
                throw Error(ErrorCode::not_found, "request_not_found", "there is no such request");
        },
        [](Meeting const& after) {
            return AnswerReply{Answer::rejected, after.target.followers_count};
        });
}

}  // namespace grover::user
