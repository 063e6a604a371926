#include "post/lists_api.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace grover::post {
namespace {

/// Whose posts make up the onlooker's feed.
std::vector<UserId> feed_authors(Onlooker const& onlooker) {
    std::vector<UserId> out{*onlooker.id()};
    for (auto const& id : onlooker.relations().following())
        if (!onlooker.relations().mutes(id) && !onlooker.relations().blocks(id)) out.push_back(id);
    return out;
}

/// One list of many, each newest first.
Rows merged(std::vector<Rows> lists) {
    auto fetch = [lists = std::move(lists)](std::optional<http::Position> after,
                                            std::size_t limit) -> Task<std::vector<Row>> {
        std::vector<Row> all;
        for (auto const& list : lists)
            for (auto& row : co_await list.fetch(after, limit)) all.push_back(std::move(row));
        std::ranges::sort(all, std::greater(), [](Row const& row) { return row.post->post_id; });
        if (all.size() > limit)
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
        co_return all;
    };
    return {1, std::move(fetch)};
}

/// However many authors there are: the store takes so many values at a time.
Rows posts_of(store::Collection<Post> const& posts, std::vector<UserId> const& authors) {
    std::vector<Rows> lists;
    for (std::size_t begin = 0; begin < authors.size(); begin += limits::in_values_max) {
        auto const count = std::min(authors.size() - begin, limits::in_values_max);
        lists.push_back(newest_first(
            posts, store::where<&Post::user_id>.in(std::span(authors).subspan(begin, count))));
    }
    return lists.size() == 1 ? std::move(lists.front()) : merged(std::move(lists));
}

}  // namespace

Task<http::List<PostView>> ListsApi::feed(auth::Caller caller, http::Page<> page,
                                          http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await parts_.reader.page(page, onlooker, Surface::offered, info,
                                          posts_of(parts_.posts, feed_authors(onlooker)));
}

Task<http::List<PostView>> ListsApi::of_user(auth::Viewer viewer, UserId user,
                                             http::PageRequest page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const cards = co_await parts_.people.cards({user}, info);
    if (!cards.find(user)) throw Error(ErrorCode::not_found, "there is no such user");
    co_return co_await parts_.reader.page(
        page, onlooker, Surface::asked_for, info,
        newest_first(parts_.posts, store::where<&Post::user_id>(user)));
}

Task<http::List<PostView>> ListsApi::mine(auth::Caller caller, http::Page<> page,
                                          http::RequestInfo info) {
    auto const user = caller.user_id;
    co_return co_await of_user({std::move(caller)}, user, page, std::move(info));
}

Task<http::List<PostView>> ListsApi::by_user(auth::Viewer viewer,
                                             http::Path<UserId, "user_id"> user, http::Page<> page,
                                             http::RequestInfo info) {
    co_return co_await of_user(std::move(viewer), *user, page, std::move(info));
}

Task<http::List<PostView>> ListsApi::by_user_query(auth::Viewer viewer,
                                                   http::Query<UserId, "user_id"> user,
                                                   http::Page<> page, http::RequestInfo info) {
    co_return co_await of_user(std::move(viewer), user.value, page, std::move(info));
}

Task<http::List<PostView>> ListsApi::media(auth::Viewer viewer,
                                           http::Query<std::optional<UserId>, "user_id"> user,
                                           http::Query<std::optional<MediaType>, "media_type"> type,
                                           http::Page<> page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    std::vector<MediaType> types{MediaType::image, MediaType::video, MediaType::audio};
    if (type.value) types = {*type.value};
    auto filter = store::where<&Post::media_type>.in(types);
    if (user.value) filter = store::where<&Post::user_id>(*user.value) && std::move(filter);
    co_return co_await parts_.reader.page(page, onlooker,
                                          user.value ? Surface::asked_for : Surface::offered, info,
                                          newest_first(parts_.posts, std::move(filter)));
}

Task<http::List<PostView>> ListsApi::saved(auth::Caller caller, http::Page<> page,
                                           http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await parts_.reader.page(
        page, onlooker, Surface::asked_for, info,
        named_by<Engagement>(parts_.posts, parts_.engagements.all(),
                             store::where<&Engagement::user_id>(caller.user_id) &&
                                 store::where<&Engagement::saved_at>.greater(Timestamp()),
                             {store::descending<&Engagement::saved_at>()}));
}

Task<http::List<PostView>> ListsApi::mentions(auth::Caller caller, http::Page<> page,
                                              http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await parts_.reader.page(
        page, onlooker, Surface::offered, info,
        named_by<Mention>(parts_.posts, parts_.tag_index.mentions(),
                          store::where<&Mention::user_id>(caller.user_id),
                          {store::descending<&Mention::post_id>()}));
}

}  // namespace grover::post
