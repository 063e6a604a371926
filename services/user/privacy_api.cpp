#include "user/privacy_api.hpp"

#include "user/limits.hpp"

namespace grover::user {
namespace {

void refuse_oneself(auth::Caller const& caller, UserId const& other) {
    if (caller.user_id == other)
        throw Error(ErrorCode::malformed, "not_yourself", "you cannot do that to yourself");
}

}  // namespace

PrivacyApi::PrivacyApi(Data& data, People const& people, Relations const& relations, Clock clock)
    : data_(data), people_(people), relations_(relations), clock_(std::move(clock)) {}

template <auto At>
Task<> PrivacyApi::check_limit(auth::Caller const& caller, std::int64_t max) const {
    auto const have = co_await data_.edges.count(store::where<&Edge::actor>(caller.user_id) &&
                                                 store::where<At>.greater(Timestamp{}));
    if (have >= max)
        throw Error(ErrorCode::forbidden, "list_full",
                    "there are as many people on that list as can be");
}

/// Blocking somebody who has blocked the caller is fine, and tells nothing.
Task<BlockReply> PrivacyApi::block(auth::Caller caller, UserPath id, service::Unit unit) {
    refuse_oneself(caller, *id);
    co_await check_limit<&Edge::blocked_at>(caller, limits::blocks_max);
    bool changed = false;
    co_return co_await relations_.change(
        unit, caller.user_id, *id,
        [&](Meeting const&, Pair& pair) { changed = user::block(pair, clock_()); },
        [&](Meeting const&) {
            return BlockReply{changed ? BlockStatus::blocked : BlockStatus::already_blocked, true};
        });
}

Task<BlockReply> PrivacyApi::unblock(auth::Caller caller, UserPath id, service::Unit unit) {
    refuse_oneself(caller, *id);
    bool changed = false;
    co_return co_await relations_.change(
        unit, caller.user_id, *id,
        [&](Meeting const&, Pair& pair) { changed = user::unblock(pair); },
        [&](Meeting const&) {
            return BlockReply{changed ? BlockStatus::unblocked : BlockStatus::not_blocked, false};
        });
}

Task<MuteReply> PrivacyApi::mute(auth::Caller caller, UserPath id, service::Unit unit) {
    refuse_oneself(caller, *id);
    co_await check_limit<&Edge::muted_at>(caller, limits::mutes_max);
    bool changed = false;
    co_return co_await relations_.change(
        unit, caller.user_id, *id,
        [&](Meeting const&, Pair& pair) {
            if (pair.blocked()) throw_no_such_user();
            changed = user::mute(pair, clock_());
        },
        [&](Meeting const&) {
            return MuteReply{changed ? MuteStatus::muted : MuteStatus::already_muted, true};
        });
}

Task<MuteReply> PrivacyApi::unmute(auth::Caller caller, UserPath id, service::Unit unit) {
    refuse_oneself(caller, *id);
    bool changed = false;
    co_return co_await relations_.change(
        unit, caller.user_id, *id,
        [&](Meeting const&, Pair& pair) { changed = user::unmute(pair); },
        [&](Meeting const&) {
            return MuteReply{changed ? MuteStatus::unmuted : MuteStatus::not_muted, false};
        });
}

template <auto At>
Task<http::List<UserPublic>> PrivacyApi::list(auth::Caller caller, http::PageRequest page,
                                              Blocked blocked) {
    auto found = co_await relations_.page<At, &Edge::actor>(caller.user_id, page);
    std::vector<UserId> ids;
    for (auto const& edge : found.edges) ids.push_back(edge.target);
    auto users = co_await data_.users_of(std::move(ids));
    co_return http::List<UserPublic>{
        co_await people_.views(auth::Viewer{std::move(caller)}, std::move(users), blocked),
        std::move(found.next)};
}

Task<http::List<UserPublic>> PrivacyApi::blocks(auth::Caller caller, Page page) {
    co_return co_await list<&Edge::blocked_at>(std::move(caller), page, Blocked::shown);
}

Task<http::List<UserPublic>> PrivacyApi::mutes(auth::Caller caller, Page page) {
    co_return co_await list<&Edge::muted_at>(std::move(caller), page, Blocked::hidden);
}

}  // namespace grover::user
