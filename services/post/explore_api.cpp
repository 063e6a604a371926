#include "post/explore_api.hpp"

#include <algorithm>

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
    auto const now = co_await trends_.current(info);
    auto part = co_await tag_lists_.part(page, PostId::make(parts_.clock()),
                                         [&](PostId const&) -> Task<std::vector<std::string>> {
                                             std::vector<std::string> out;
                                             for (auto const& one : *now) out.push_back(one.tag);
                                             co_return out;
                                         });
    http::List<TrendingTag> out{{}, std::move(part.next)};
    for (auto const& tag : part.items)
        if (auto const one = std::ranges::find(*now, tag, &TrendingTag::tag); one != now->end())
            out.items.push_back(*one);
    co_return out;
}

}  // namespace grover::post
