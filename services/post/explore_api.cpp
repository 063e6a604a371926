#include "post/explore_api.hpp"

namespace grover::post {

Task<http::List<PostView>> ExploreApi::explore(auth::Viewer viewer, http::Page<> page,
                                               http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    co_return co_await parts_.reader.page(page, onlooker, Surface::offered, info,
                                          ranking_.explore());
}

Task<http::List<PostView>> ExploreApi::trending(auth::Viewer viewer, http::Page<> page,
                                                http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    co_return co_await parts_.reader.page(page, onlooker, Surface::offered, info,
                                          ranking_.trending());
}

Task<http::List<TrendingTag>> ExploreApi::trending_tags(auth::Viewer, http::Page<> page,
                                                        http::RequestInfo info) {
    page.check_cursor(0);
    auto const all = co_await trends_.current(info);
    http::List<TrendingTag> out;
    for (std::size_t i = page.skip; i < all->size() && out.items.size() < page.limit; ++i)
        out.items.push_back((*all)[i]);
    co_return out;
}

}  // namespace grover::post
