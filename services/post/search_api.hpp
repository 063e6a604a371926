// Search: posts by words, tags by their beginning, posts of a tag.
#pragma once

#include "http/reply.hpp"
#include "post/posts_api.hpp"
#include "post/query.hpp"
#include "service/match_lists.hpp"

namespace grover::post {

struct HashtagView {
    static constexpr std::string_view schema_name = "Hashtag";
    std::string tag;
    std::int64_t posts_count = 0;
};
BOOST_DESCRIBE_STRUCT(HashtagView, (), (tag, posts_count))

struct SearchResults {
    std::vector<boost::json::object> users;  // UserPublic, as the user service gives them
    std::vector<PostView> posts;
};
BOOST_DESCRIBE_STRUCT(SearchResults, (), (users, posts))

class SearchApi {
public:
    /// A search has this many matches at most: the best ones.
    static constexpr std::size_t matches_max = 300;

    explicit SearchApi(Parts& parts) : parts_(parts) {}

    Task<http::List<PostView>> posts(auth::Viewer viewer, http::Path<Text<1, 200>, "query"> query,
                                     http::Page<> page, http::RequestInfo info);
    Task<SearchResults> everything(auth::Viewer viewer, http::Query<Text<1, 200>, "q"> query,
                                   http::Page<> page, http::RequestInfo info);
    /// The best matches_max, with the counts that an anonymous reader would come to.
    Task<http::List<HashtagView>> hashtags(auth::Viewer viewer,
                                           http::Query<Text<1, 101>, "q"> query, http::Page<> page);
    Task<http::List<PostView>> of_tag(auth::Viewer viewer, http::Path<Text<1, 101>, "tag"> tag,
                                      http::Page<> page, http::RequestInfo info);

private:
    using Lists = service::MatchLists<PostId>;
    using TagLists = service::MatchLists<std::string, PostId>;

    Task<http::List<PostView>> search(SearchQuery query, http::PageRequest const& page,
                                      Onlooker const& onlooker, http::RequestInfo const& info);
    Task<std::vector<PostId>> matches(SearchQuery const& query, PostId newest);
    Task<std::vector<std::string>> most_used(std::string beginning);
    Rows ranked(SearchQuery query);
    Rows tagged(std::string const& tag);

    Parts& parts_;
    Lists lists_;
    TagLists tag_lists_;
};

}  // namespace grover::post
