#include "post/search_api.hpp"

#include <algorithm>
#include <map>

#include "base/case_fold.hpp"
#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "post/lists_api.hpp"
#include "post/tags.hpp"

namespace grover::post {
namespace {

constexpr std::size_t matches_examined_max = 3'000;
constexpr std::size_t tags_examined_max = 5'000;

bool has_all(std::vector<std::string> const& tags, std::vector<std::string> const& wanted) {
    return std::ranges::all_of(
        wanted, [&](auto const& tag) { return std::ranges::find(tags, tag) != tags.end(); });
}

/// `rows` without the posts that `fits` refuses; what is refused stays a row, so that positions
/// and the end of the list are as they were.
template <class Fits>
Rows narrowed(Rows rows, Fits fits) {
    auto fetch = [inner = std::move(rows.fetch), fits = std::move(fits)](
                     std::optional<http::Position> after,
                     std::size_t limit) -> Task<std::vector<Row>> {
        auto out = co_await inner(std::move(after), limit);
        for (auto& row : out)
            if (row.post && !fits(*row.post)) row.post.reset();
        co_return out;
    };
    return {rows.cursor_size, std::move(fetch)};
}

}  // namespace

/// The ids of the best matches, best first.
Task<std::vector<PostId>> SearchApi::matches(SearchQuery const& query, PostId newest) {
    auto filter = store::where<&Post::post_id>.less_equal(newest);
    if (query.from) filter = store::where<&Post::user_id>(*query.from) && std::move(filter);
    std::vector<PostId> out;
    for (std::size_t skip = 0; skip < matches_examined_max; skip += matches_max) {
        store::Search const search{.collection = parts_.posts.name(),
                                   .words = query.words,
                                   .phrases = query.phrases,
                                   .last_is_prefix = query.last_is_prefix,
                                   .limit = matches_max,
                                   .skip = skip,
                                   .may_lag = true};
        auto const found = co_await parts_.posts.search(search, filter);
        for (auto const& post : found)
            if (out.size() < matches_max && has_all(post->tags, query.tags))
                out.push_back(post->post_id);
        if (found.size() < matches_max || out.size() == matches_max) break;
    }
    co_return out;
}

Rows SearchApi::ranked(SearchQuery query) {
    auto fetch = [this, query = std::move(query)](std::optional<http::Position> after,
                                                  std::size_t limit) -> Task<std::vector<Row>> {
        auto cursor = after ? Lists::read(*after) : Lists::begin(PostId::make(parts_.clock()));
        auto some = co_await lists_.some(
            std::move(cursor), limit, [&](PostId const& newest) { return matches(query, newest); });
        auto found = co_await parts_.posts.find_many(std::move(some.items));
        std::vector<Row> out;
        for (std::size_t i = 0; i < found.size(); ++i) {
            auto& row = out.emplace_back();
            if (found[i]) row.post = std::move(found[i]->value);
            row.at = std::move(some.after[i]);
        }
        co_return out;
    };
    return {Lists::cursor_values, std::move(fetch)};
}

Rows SearchApi::tagged(std::string const& tag) {
    return named_by<PostTag>(parts_.posts, parts_.tag_index.post_tags(),
                             store::where<&PostTag::tag>(tag),
                             {store::descending<&PostTag::post_id>()});
}

Task<http::List<PostView>> SearchApi::search(SearchQuery query, http::PageRequest const& page,
                                             Onlooker const& onlooker,
                                             http::RequestInfo const& info) {
    Rows rows;
    if (!query.words.empty() || !query.phrases.empty()) {
        rows = ranked(std::move(query));
    } else if (!query.tags.empty()) {
        rows = narrowed(tagged(query.tags.front()), [query](Post const& post) {
            return has_all(post.tags, query.tags) && (!query.from || post.user_id == *query.from);
        });
    } else if (query.from) {
        rows = newest_first(parts_.posts, store::where<&Post::user_id>(*query.from));
    } else {
        co_return http::List<PostView>{};
    }
    co_return co_await parts_.reader.page(page, onlooker, Surface::offered, info, std::move(rows));
}

Task<http::List<PostView>> SearchApi::posts(auth::Viewer viewer,
                                            http::Path<Text<1, 200>, "query"> query,
                                            http::Page<> page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    co_return co_await search(parse_query(query->value), page, onlooker, info);
}

Task<SearchResults> SearchApi::everything(auth::Viewer viewer, http::Query<Text<1, 200>, "q"> query,
                                          http::Page<> page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    page.check_cursor(0);
    auto found = co_await search(parse_query(query->value), page, onlooker, info);
    auto const target = "/api/search/users?limit=" + std::to_string(page.limit) +
                        "&q=" + percent_encode(query->value);
    auto users = co_await parts_.people.service().get_as<std::vector<boost::json::object>>(
        viewer, target, info);
    co_return SearchResults{std::move(users), std::move(found.items)};
}

/// The tags that begin so, the most used first. Where more than tags_examined_max do, those of the
/// tags_examined_max most used tags of all.
Task<std::vector<std::string>> SearchApi::most_used(std::string beginning) {
    auto const& tags = parts_.tag_index.tags();
    std::map<std::string, std::int64_t> found;
    auto const read = [&](store::Where<Tag> filter,
                          std::vector<store::OrderBy<Tag>> order) -> Task<bool> {
        http::Position after;
        for (std::size_t examined = 0; examined < tags_examined_max;) {
            auto const some = co_await tags.list({.filter = filter,
                                                  .order = order,
                                                  .limit = limits::find_limit_max,
                                                  .after = after});
            for (auto const& tag : some)
                if (tag->posts_count > 0 && tag->tag.starts_with(beginning))
                    found.emplace(tag->tag, tag->posts_count);
            if (some.size() < limits::find_limit_max) co_return true;
            after = store::Collection<Tag>::position(order, *some.back());
            examined += some.size();
        }
        co_return false;
    };
    auto const begins_so = store::where<&Tag::tag>.greater_equal(beginning) &&
                           store::where<&Tag::tag>.less(beginning + "\U0010ffff");
    bool const all = co_await read(begins_so, {store::ascending<&Tag::tag>()});
    if (!all)
        co_await read(store::where<&Tag::posts_count>.greater(0),
                      {store::descending<&Tag::posts_count>()});
    std::vector<std::pair<std::int64_t, std::string>> ranked;
    for (auto const& [tag, count] : found) ranked.emplace_back(-count, tag);
    std::ranges::sort(ranked);
    if (ranked.size() > matches_max) ranked.resize(matches_max);
    std::vector<std::string> out;
    for (auto& [count, tag] : ranked) out.push_back(std::move(tag));
    co_return out;
}

Task<http::List<HashtagView>> SearchApi::hashtags(auth::Viewer,
                                                  http::Query<Text<1, 101>, "q"> query,
                                                  http::Page<> page) {
    auto beginning = fold_case(query->value.substr(query->value.starts_with('#') ? 1 : 0));
    auto part = co_await tag_lists_.part(page, PostId::make(parts_.clock()),
                                         [&](PostId const&) { return most_used(beginning); });
    http::List<HashtagView> out{{}, std::move(part.next)};
    for (auto const& tag : co_await parts_.tag_index.tags().find_many(std::move(part.items)))
        if (tag && tag->value.posts_count > 0)
            out.items.push_back({tag->value.tag, tag->value.posts_count});
    co_return out;
}

Task<http::List<PostView>> SearchApi::of_tag(auth::Viewer viewer,
                                             http::Path<Text<1, 101>, "tag"> tag, http::Page<> page,
                                             http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const folded = as_tag(tag->value);
    if (!folded) co_return http::List<PostView>{};
    co_return co_await parts_.reader.page(page, onlooker, Surface::offered, info, tagged(*folded));
}

}  // namespace grover::post
