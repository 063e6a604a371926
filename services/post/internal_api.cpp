#include "post/internal_api.hpp"

#include "base/limits.hpp"

namespace grover::post {
namespace {

/// All documents that match.
template <class T>
Task<boost::json::array> all(store::Collection<T> documents, store::Where<T> filter,
                             std::vector<store::OrderBy<T>> order = {}) {
    boost::json::array out;
    std::vector<boost::json::value> after;
    for (bool more = true; more;) {
        auto const found = co_await documents.list(
            {.filter = filter, .order = order, .limit = limits::find_limit_max, .after = after});
        for (auto const& document : found) out.push_back(reflect::to_value(*document));
        more = found.size() == limits::find_limit_max;
        if (more) after = store::Collection<T>::position(order, *found.back());
    }
    co_return out;
}

}  // namespace

Task<contracts::UserExport> InternalApi::export_user(auth::Service,
                                                     http::Path<UserId, "user_id"> user) {
    contracts::UserExport out{"post-service", {}};
    out.data["posts"] = co_await all(parts_.posts, store::where<&Post::user_id>(*user));
    out.data["comments"] = co_await all(parts_.comments, store::where<&Comment::user_id>(*user));
    out.data["engagements"] =
        co_await all(parts_.engagements.all(), store::where<&Engagement::user_id>(*user));
    out.data["comment_likes"] =
        co_await all(parts_.comment_likes, store::where<&CommentLike::user_id>(*user));
    out.data["mentions"] =
        co_await all(parts_.tag_index.mentions(), store::where<&Mention::user_id>(*user),
                     {store::ascending<&Mention::post_id>()});
    co_return out;
}

}  // namespace grover::post
