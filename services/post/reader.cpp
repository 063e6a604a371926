#include "post/reader.hpp"

#include <algorithm>
#include <unordered_map>

namespace grover::post {
namespace {

/// The originals that reposts among `rows` name, by id.
Task<std::unordered_map<PostId, Post>> originals_of(store::Collection<Post> const& posts,
                                                    std::vector<Row> const& rows) {
    std::vector<PostId> ids;
    for (auto const& row : rows)
        if (row.post && row.post->original_post_id) ids.push_back(*row.post->original_post_id);
    std::unordered_map<PostId, Post> out;
    if (ids.empty()) co_return out;
    for (auto& found : co_await posts.find_many(std::move(ids)))
        if (found) out.insert_or_assign(found->value.post_id, std::move(found->value));
    co_return out;
}

std::vector<UserId> authors_of(std::vector<Row> const& rows,
                               std::unordered_map<PostId, Post> const& originals) {
    std::vector<UserId> out;
    for (auto const& row : rows)
        if (row.post) out.push_back(row.post->user_id);
    for (auto const& [id, post] : originals) out.push_back(post.user_id);
    return out;
}

using EngagementById = std::unordered_map<std::string, Engagement>;

void fit_to(Onlooker const& onlooker, PlainPostView& view, EngagementById const& engagements) {
    if (view.media_url)
        view.media.push_back({*view.media_url, view.media_type.value_or(MediaType::image)});
    std::erase_if(view.tagged_users, [&](auto const& user) { return kept_apart(user, onlooker); });
    std::erase_if(view.reaction_counts, [](auto const& count) { return count.second == 0; });
    for (std::size_t i = 0; i < view.poll_options.size(); ++i)
        view.poll_votes.try_emplace(std::to_string(i), 0);
    if (!onlooker.id()) return;
    auto const found = engagements.find(engagement_id(view.post_id, *onlooker.id()));
    if (found == engagements.end()) return;
    auto const& mine = found->second;
    view.liked = view.is_liked = mine.liked_at.has_value();
    view.disliked = mine.disliked_at.has_value();
    view.saved = mine.saved_at.has_value();
    view.reposted = mine.repost_id.has_value();
    view.user_reaction = mine.reaction;
    view.user_vote = mine.vote;
}

template <class View>
View plain_view(Post&& post, PersonView&& author) {
    View view;
    static_cast<Post&>(view) = std::move(post);
    view.user = std::move(author);
    return view;
}

}  // namespace

PostReader::PostReader(store::DocumentStore& store, People& people)
    : posts_(store, "posts"), engagements_(store), people_(people) {}

PersonView person_of(UserCard const& card) {
    return {card.user_id, card.name, card.picture, card.is_premium};
}

Task<std::vector<PostReader::Candidate>> PostReader::visible_rows(std::vector<Row> rows,
                                                                  Onlooker const& onlooker,
                                                                  Surface surface,
                                                                  http::RequestInfo const& info) {
    auto const originals = co_await originals_of(posts_, rows);
    auto const cards = co_await people_.cards(authors_of(rows, originals), info);
    auto const passes = [&](Post const& post) {
        return visible(post, cards.find(post.user_id), onlooker) &&
               !unwanted(post.user_id, onlooker, surface);
    };
    std::vector<Candidate> out;
    out.reserve(rows.size());
    for (auto& row : rows) {
        if (!row.post || !passes(*row.post)) continue;
        Shown shown{std::move(*row.post), {}, {}, {}};
        if (shown.post.original_post_id) {
            auto const original = originals.find(*shown.post.original_post_id);
            if (original == originals.end()) continue;
            if (passes(original->second)) {
                shown.original = original->second;
                shown.original_author = person_of(*cards.find(original->second.user_id));
            } else if (surface == Surface::offered || !onlooker.is(shown.post.user_id)) {
                continue;  // One's own is asked for to be taken back.
            }
        }
        shown.author = person_of(*cards.find(shown.post.user_id));
        out.push_back({std::move(shown), std::move(row.at)});
    }
    co_return out;
}

Task<std::vector<Shown>> PostReader::filter(std::vector<Post> posts, Onlooker const& onlooker,
                                            Surface surface, http::RequestInfo const& info) {
    std::vector<Row> rows;
    for (auto& post : posts) rows.push_back({std::move(post), {}});
    std::vector<Shown> out;
    for (auto& candidate : co_await visible_rows(std::move(rows), onlooker, surface, info))
        out.push_back(std::move(candidate.shown));
    co_return out;
}

Task<Shown> PostReader::show(Post post, Onlooker const& onlooker, http::RequestInfo const& info) {
    std::vector<Post> posts;
    posts.push_back(std::move(post));
    auto shown = co_await filter(std::move(posts), onlooker, Surface::asked_for, info);
    if (shown.empty()) throw Error(ErrorCode::not_found, "there is no such post");
    co_return std::move(shown.front());
}

Task<Shown> PostReader::find(PostId const& id, Onlooker const& onlooker,
                             http::RequestInfo const& info) {
    auto found = co_await posts_.find(id);
    if (!found) throw Error(ErrorCode::not_found, "there is no such post");
    co_return co_await show(std::move(found->value), onlooker, info);
}

Task<std::vector<PostView>> PostReader::views(std::vector<Shown> shown, Onlooker const& onlooker) {
    EngagementById engagements;
    if (onlooker.id() && !shown.empty()) {
        std::vector<std::string> ids;
        for (auto const& item : shown) {
            ids.push_back(engagement_id(item.post.post_id, *onlooker.id()));
            if (item.original) ids.push_back(engagement_id(item.original->post_id, *onlooker.id()));
        }
        for (auto& found : co_await engagements_.all().find_many(std::move(ids)))
            if (found)
                engagements.insert_or_assign(found->value.engagement_id, std::move(found->value));
    }
    std::vector<PostView> out;
    out.reserve(shown.size());
    for (auto& item : shown) {
        auto& view =
            out.emplace_back(plain_view<PostView>(std::move(item.post), std::move(item.author)));
        fit_to(onlooker, view, engagements);
        if (!item.original) continue;
        view.original_post =
            plain_view<PlainPostView>(*std::move(item.original), std::move(item.original_author));
        fit_to(onlooker, *view.original_post, engagements);
    }
    co_return out;
}

Task<PostView> PostReader::view(Shown shown, Onlooker const& onlooker) {
    std::vector<Shown> one;
    one.push_back(std::move(shown));
    auto out = co_await views(std::move(one), onlooker);
    co_return std::move(out.front());
}

Task<PostView> PostReader::find_view(PostId const& id, Onlooker const& onlooker,
                                     http::RequestInfo const& info) {
    co_return co_await view(co_await find(id, onlooker, info), onlooker);
}

Task<http::List<PostView>> PostReader::page(http::PageRequest const& page, Onlooker const& onlooker,
                                            Surface surface, http::RequestInfo const& info,
                                            Rows rows) {
    auto filled = co_await fill_page<Candidate>(
        page, rows.cursor_size, rows.fetch, [&](std::vector<Row> found) {
            return visible_rows(std::move(found), onlooker, surface, info);
        });
    std::vector<Shown> shown;
    shown.reserve(filled.items.size());
    for (auto& item : filled.items) shown.push_back(std::move(item.shown));
    co_return http::List<PostView>{co_await views(std::move(shown), onlooker),
                                   std::move(filled.next)};
}

Rows newest_first(store::Collection<Post> posts, store::Where<Post> filter) {
    auto fetch = [posts = std::move(posts), filter = std::move(filter)](
                     std::optional<http::Position> after,
                     std::size_t limit) -> Task<std::vector<Row>> {
        auto found = co_await posts.list({.filter = filter,
                                          .order = {store::descending<&Post::post_id>()},
                                          .limit = limit,
                                          .after = after.value_or(http::Position())});
        std::vector<Row> out;
        out.reserve(found.size());
        for (auto& post : found) {
            http::Position at{boost::json::string(post->post_id.str())};
            out.push_back({std::move(post.value), std::move(at)});
        }
        co_return out;
    };
    return {1, std::move(fetch)};
}

}  // namespace grover::post
