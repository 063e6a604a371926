#include "user/discover_api.hpp"

#include <unordered_map>

#include "net/async.hpp"
#include "user/limits.hpp"
#include "user/suggestions.hpp"

namespace grover::user {

DiscoverApi::DiscoverApi(Data& data, People const& people, Relations const& relations, Clock clock)
    : data_(data), people_(people), relations_(relations), clock_(std::move(clock)) {}

Task<UserPublic> DiscoverApi::user(auth::Viewer viewer, UserPath id) {
    auto const seen = co_await people_.see(std::move(viewer), *id);
    co_return view_of(seen.user, seen.pair);
}

Task<UserStats> DiscoverApi::stats(auth::Viewer viewer, UserPath id) {
    auto const seen = co_await people_.see(std::move(viewer), *id);
    auto const& user = seen.user;
    co_return UserStats{.followers_count = user.followers_count,
                        .following_count = user.following_count,
                        .posts_count = user.posts_count,
                        .products_count = 0,  // There is no shop yet.
                        .followers = user.followers_count,
                        .following = user.following_count,
                        .posts = user.posts_count};
}

// ---- Search -------------------------------------------------------------------------------------

Task<http::List<UserPublic>> DiscoverApi::search_by_path(auth::Viewer viewer,
                                                         http::Path<std::string, "query"> query,
                                                         http::Page<> page) {
    co_return co_await find(std::move(viewer), std::move(query.value), "path/query", page);
}

Task<http::List<UserPublic>> DiscoverApi::search(auth::Viewer viewer,
                                                 http::Query<std::string, "q"> query,
                                                 http::Page<> page) {
    co_return co_await find(std::move(viewer), std::move(query.value), "query/q", page);
}

Task<http::List<UserPublic>> DiscoverApi::find(auth::Viewer viewer, std::string query,
                                               std::string_view pointer, http::PageRequest page) {
    auto const issue = [](std::string_view where, std::string what) {
        return Error(std::vector<Issue>{{std::string(where), std::move(what)}});
    };
    if (utf8_length(query) > limits::search_query_max)
        throw issue(pointer, "must have at most 200 characters");
    auto words = store::search_words(query);
    if (words.size() > limits::search_words_max) words.resize(limits::search_words_max);
    if (words.empty()) co_return http::List<UserPublic>{};

    auto part = co_await lists_.part(
        page, UserId::make(clock_()), [&](UserId const& newest) -> Task<std::vector<UserId>> {
            std::vector<UserId> out;
            for (auto const& user : co_await data_.users.search(
                     {.collection = {}, .words = words, .limit = matches_max, .may_lag = true},
                     store::where<&User::user_id>.less_equal(newest)))
                out.push_back(user->user_id);
            co_return out;
        });
    auto users = co_await data_.users_of(std::move(part.items));
    co_return http::List<UserPublic>{co_await people_.views(std::move(viewer), std::move(users)),
                                     std::move(part.next)};
}

// ---- Suggestions --------------------------------------------------------------------------------

Task<std::vector<SuggestedUser>> DiscoverApi::suggested(auth::Caller caller) {
    auto const& me = caller.user_id;
    auto const mine = co_await relations_.list<&Edge::followed_at, &Edge::actor>(
        me, limits::suggestion_friends_max, 0, {});
    std::vector<UserId> friend_ids;
    std::vector<Task<std::vector<store::Stored<Edge>>>> reads;
    for (auto const& edge : mine) friend_ids.push_back(edge->target);
    auto const friends = co_await data_.users_of(friend_ids);
    for (auto const& one : friends)
        reads.push_back(relations_.list<&Edge::followed_at, &Edge::actor>(
            one.user_id, limits::suggestion_follows_max, 0, {}));
    auto const follows = co_await net::gather(std::move(reads));

    std::vector<FriendSample> samples;
    for (std::size_t i = 0; i < friends.size(); ++i) {
        auto& sample = samples.emplace_back(FriendSample{friends[i].following_count, {}});
        for (auto const& edge : follows[i]) sample.follows.push_back(edge->target);
    }
    auto candidates = rank_candidates(samples);
    // Those known already are dropped below; the sample leaves room for that.
    auto const room = limits::suggestion_popular_max + mine.size();
    if (candidates.size() > room) candidates.resize(room);

    std::unordered_map<UserId, std::int64_t> mutual;
    std::vector<UserId> ids;
    for (auto const& candidate : candidates) {
        ids.push_back(candidate.user_id);
        mutual[candidate.user_id] = candidate.mutual;
    }
    auto users = co_await data_.users_of(ids);
    // Newcomers follow nobody, and small circles are soon known: the most followed fill up.
    for (auto& user :
         co_await data_.users.list({.order = {store::descending<&User::followers_count>()},
                                    .limit = limits::suggestion_popular_max,
                                    .may_lag = true}))
        if (!mutual.contains(user->user_id)) users.push_back(std::move(user.value));

    auto const pairs = co_await people_.pairs(me, users);
    std::vector<SuggestedUser> out;
    for (std::size_t i = 0; i < users.size() && out.size() < limits::suggestions_shown_max; ++i) {
        auto const& mine_to = pairs[i].forward;
        bool const known = users[i].user_id == me || !says_nothing(mine_to) || pairs[i].blocked();
        if (known) continue;
        auto& shown = out.emplace_back();
        static_cast<UserPublic&>(shown) = view_of(users[i], pairs[i]);
        if (auto const it = mutual.find(users[i].user_id); it != mutual.end())
            shown.mutual_followers = it->second;
    }
    co_return out;
}

}  // namespace grover::user
