#include "post/internal_api.hpp"

namespace grover::post {
namespace {

// A page of posts as long as they may be is 4 MB, and a few milliseconds of the loop's time.
constexpr std::size_t export_documents_max = 100;

/// A page of one collection, and where the next one of it begins.
struct Portion {
    std::vector<boost::json::value> documents;
    std::optional<http::Position> next;
};

struct Source {
    std::string_view name;
    std::size_t cursor_size;
    std::function<Task<Portion>(http::Position after)> read;
};

template <class T>
Source source(std::string_view name, store::Collection<T> documents, store::Where<T> filter,
              std::vector<store::OrderBy<T>> order = {}) {
    auto read = [=](http::Position after) -> Task<Portion> {
        auto const found = co_await documents.list(
            {.filter = filter, .order = order, .limit = export_documents_max, .after = after});
        Portion out;
        for (auto const& document : found) out.documents.push_back(reflect::to_value(*document));
        if (found.size() == export_documents_max)
            out.next = store::Collection<T>::position(order, *found.back());
        co_return out;
    };
    return {name, order.size() + 1, std::move(read)};
}

std::vector<Source> sources(Parts& parts, UserId const& user) {
    return {
        source("posts", parts.posts, store::where<&Post::user_id>(user)),
        source("comments", parts.comments, store::where<&Comment::user_id>(user)),
        source("engagements", parts.engagements.all(), store::where<&Engagement::user_id>(user)),
        source("comment_likes", parts.comment_likes, store::where<&CommentLike::user_id>(user)),
        source("mentions", parts.tag_index.mentions(), store::where<&Mention::user_id>(user),
               {store::ascending<&Mention::post_id>()})};
}

}  // namespace

/// A cursor is the number of a source, and a position in it.
Task<contracts::ExportPage> InternalApi::export_user(
    auth::Service, http::Path<UserId, "user_id"> user,
    http::Query<std::optional<std::string>, "cursor"> cursor) {
    auto const from = sources(parts_, *user);
    std::size_t number = 0;
    http::Position after;
    if (*cursor) {
        auto const position = http::decode_cursor(**cursor);
        auto const* chosen =
            position && !position->empty() ? position->front().if_int64() : nullptr;
        bool const good =
            chosen && *chosen >= 0 && std::cmp_less(*chosen, from.size()) &&
            (position->size() == 1 ||
             position->size() == 1 + from[static_cast<std::size_t>(*chosen)].cursor_size);
        if (!good)
            throw Error(std::vector<Issue>{{"query/cursor", "is not a cursor of this list"}});
        number = static_cast<std::size_t>(*chosen);
        after.assign(position->begin() + 1, position->end());
    }
    auto portion = co_await from[number].read(std::move(after));
    contracts::ExportPage out{std::string(from[number].name), std::move(portion.documents), {}};
    if (!portion.next && ++number == from.size()) co_return out;
    http::Position next{number};
    if (portion.next) next.insert(next.end(), portion.next->begin(), portion.next->end());
    out.next = http::encode_cursor(next);
    co_return out;
}

}  // namespace grover::post
