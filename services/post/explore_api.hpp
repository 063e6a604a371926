// Lists of what people engage with: explore, trending posts, trending tags.
#pragma once

#include "post/lists_api.hpp"
#include "post/ranking.hpp"
#include "post/trends.hpp"
#include "service/match_lists.hpp"

namespace grover::post {

class ExploreApi {
public:
    ExploreApi(Parts& parts, Ranking& ranking, Trends& trends)
        : parts_(parts), ranking_(ranking), trends_(trends) {}

    /// Every public post, by heat (score.hpp).
    Task<http::List<PostView>> explore(auth::Viewer viewer, http::Page<> page,
                                       http::RequestInfo info);
    /// The hottest of them.
    Task<http::List<PostView>> trending(auth::Viewer viewer, http::Page<> page,
                                        http::RequestInfo info);
    /// In the order of the first page, as they stand when each page is read.
    Task<http::List<TrendingTag>> trending_tags(auth::Viewer viewer, http::Page<> page,
                                                http::RequestInfo info);

private:
    Parts& parts_;
    Ranking& ranking_;
    Trends& trends_;
    service::MatchLists<std::string, PostId> tag_lists_;
};

}  // namespace grover::post
