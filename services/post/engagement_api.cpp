#include "post/engagement_api.hpp"

#include "post/retry.hpp"

namespace grover::post {
namespace {

constexpr std::size_t reactions_shown_max = 100;

Opinion opinion(std::string status, Post const& post, Engagement const& mine) {
    return {std::move(status), mine.liked_at.has_value(), mine.disliked_at.has_value(),
            post.likes_count, post.dislikes_count};
}

bool remove_like(Post& post, Engagement& mine) {
    if (!mine.liked_at) return false;
    mine.liked_at.reset();
    --post.likes_count;
    return true;
}

bool remove_dislike(Post& post, Engagement& mine) {
    if (!mine.disliked_at) return false;
    mine.disliked_at.reset();
    --post.dislikes_count;
    return true;
}

bool remove_reaction(Post& post, Engagement& mine) {
    if (!mine.reaction) return false;
    --post.reaction_counts[std::string(reflect::name_of(*mine.reaction))];
    mine.reaction.reset();
    mine.reacted_at.reset();
    return true;
}

Reaction reaction(std::string status, Post& post, Engagement const& mine) {
    std::erase_if(post.reaction_counts, [](auto const& count) { return count.second == 0; });
    return {std::move(status), mine.reaction, std::move(post.reaction_counts)};
}

}  // namespace

Task<EngagementApi::Changed> EngagementApi::change(auth::Caller const& caller, PostId const& id,
                                                   service::Unit& unit,
                                                   http::RequestInfo const& info,
                                                   Change const& change) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await retried<Changed>([&]() -> Task<std::expected<Changed, store::Rejected>> {
        auto const shown = co_await parts_.reader.find(id, onlooker, info);
        auto const mine = co_await parts_.engagements.read(id, caller.user_id);
        Changed out{false, shown.post, mine.value};
        out.changed = change(out.post, out.mine);
        if (!out.changed) co_return out;
        store::Batch batch;
        parts_.engagements.write(batch, mine, out.mine);
        write_counters(batch, shown.post, out.post);
        auto const done = co_await unit.commit(std::move(batch));
        if (!done) co_return std::unexpected(done.error());
        co_return out;
    });
}

Task<Opinion> EngagementApi::like(auth::Caller caller, PostPath id, service::Unit unit,
                                  http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const done = co_await change(caller, *id, unit, info, [&](Post& post, Engagement& mine) {
        if (mine.liked_at) return false;
        remove_dislike(post, mine);
        mine.liked_at = now;
        ++post.likes_count;
        return true;
    });
    co_return opinion(done.changed ? "liked" : "already_liked", done.post, done.mine);
}

Task<Opinion> EngagementApi::unlike(auth::Caller caller, PostPath id, service::Unit unit,
                                    http::RequestInfo info) {
    auto const done = co_await change(caller, *id, unit, info, remove_like);
    co_return opinion(done.changed ? "unliked" : "not_liked", done.post, done.mine);
}

Task<Opinion> EngagementApi::dislike(auth::Caller caller, PostPath id, service::Unit unit,
                                     http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const done = co_await change(caller, *id, unit, info, [&](Post& post, Engagement& mine) {
        if (mine.disliked_at) return false;
        remove_like(post, mine);
        mine.disliked_at = now;
        ++post.dislikes_count;
        return true;
    });
    co_return opinion(done.changed ? "disliked" : "already_disliked", done.post, done.mine);
}

Task<Opinion> EngagementApi::undislike(auth::Caller caller, PostPath id, service::Unit unit,
                                       http::RequestInfo info) {
    auto const done = co_await change(caller, *id, unit, info, remove_dislike);
    co_return opinion(done.changed ? "undisliked" : "not_disliked", done.post, done.mine);
}

Task<Reaction> EngagementApi::react(auth::Caller caller, PostPath id, React in, service::Unit unit,
                                    http::RequestInfo info) {
    auto const now = parts_.clock();
    auto done = co_await change(caller, *id, unit, info, [&](Post& post, Engagement& mine) {
        if (mine.reaction == in.reaction_type) return false;
        remove_reaction(post, mine);
        mine.reaction = in.reaction_type;
        mine.reacted_at = now;
        ++post.reaction_counts[std::string(reflect::name_of(in.reaction_type))];
        return true;
    });
    co_return reaction("reacted", done.post, done.mine);
}

Task<Reaction> EngagementApi::unreact(auth::Caller caller, PostPath id, service::Unit unit,
                                      http::RequestInfo info) {
    auto done = co_await change(caller, *id, unit, info, remove_reaction);
    co_return reaction(done.changed ? "removed" : "no_reaction", done.post, done.mine);
}

Task<Saved> EngagementApi::save(auth::Caller caller, PostPath id, service::Unit unit,
                                http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const done = co_await change(caller, *id, unit, info, [&](Post&, Engagement& mine) {
        if (mine.saved_at) return false;
        mine.saved_at = now;
        return true;
    });
    co_return Saved{done.changed ? "saved" : "already_saved", true};
}

Task<Saved> EngagementApi::unsave(auth::Caller caller, PostPath id, service::Unit unit,
                                  http::RequestInfo info) {
    auto const done = co_await change(caller, *id, unit, info, [](Post&, Engagement& mine) {
        return std::exchange(mine.saved_at, std::nullopt).has_value();
    });
    co_return Saved{done.changed ? "unsaved" : "not_saved", false};
}

Task<Shared> EngagementApi::share(auth::Caller caller, PostPath id, service::Unit unit,
                                  http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await retried<Shared>([&]() -> Task<std::expected<Shared, store::Rejected>> {
        auto const shown = co_await parts_.reader.find(*id, onlooker, info);
        auto after = shown.post;
        ++after.shares_count;
        store::Batch batch;
        write_counters(batch, shown.post, after);
        co_return co_await unit.commit(std::move(batch), Shared{"shared", after.shares_count});
    });
}

Task<PostView> EngagementApi::vote(auth::Caller caller, PostPath id, Vote in, service::Unit unit,
                                   http::RequestInfo info) {
    auto const now = parts_.clock();
    co_await change(caller, *id, unit, info, [&](Post& post, Engagement& mine) {
        return cast_vote(post, mine, in.option_index, now);
    });
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await parts_.reader.find_view(*id, onlooker, info);
}

Task<PollResults> EngagementApi::poll_results(auth::Viewer viewer, PostPath id,
                                              http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const shown = co_await parts_.reader.find(*id, onlooker, info);
    std::optional<std::int64_t> mine;
    if (viewer.caller)
        mine = (co_await parts_.engagements.read(*id, viewer.caller->user_id)).value.vote;
    co_return results_of(shown.post, mine);
}

/// One page of those who did something, as `when` in their engagements tells.
Task<http::List<PersonAndTime>> EngagementApi::people(Onlooker const& onlooker,
                                                      http::PageRequest const& page,
                                                      store::Where<Engagement> filter,
                                                      std::optional<Timestamp> Engagement::* when,
                                                      store::OrderBy<Engagement> order,
                                                      http::RequestInfo const& info) {
    struct Item {
        Engagement engagement;
        http::Position at;
        PersonAndTime person;
    };
    auto const fetch = [&](std::optional<http::Position> after,
                           std::size_t limit) -> Task<std::vector<Item>> {
        auto found =
            co_await parts_.engagements.all().list({.filter = filter,
                                                    .order = {order},
                                                    .limit = limit,
                                                    .after = after.value_or(http::Position())});
        std::vector<Item> out;
        for (auto& item : found) {
            auto at = store::Collection<Engagement>::position({order}, *item);
            out.push_back({std::move(item.value), std::move(at), {}});
        }
        co_return out;
    };
    auto const keep = [&](std::vector<Item> items) -> Task<std::vector<Item>> {
        std::vector<UserId> ids;
        for (auto const& item : items) ids.push_back(item.engagement.user_id);
        auto const cards = co_await parts_.people.cards(std::move(ids), info);
        std::erase_if(items, [&](Item const& item) {
            auto const& user = item.engagement.user_id;
            return !visible(user, cards.find(user), onlooker);
        });
        for (auto& item : items)
            item.person = {person_of(*cards.find(item.engagement.user_id)),
                           (item.engagement.*when).value_or(Timestamp())};
        co_return items;
    };
    auto filled = co_await fill_page<Item>(page, 2, fetch, keep);
    http::List<PersonAndTime> out{{}, std::move(filled.next)};
    for (auto& item : filled.items) out.items.push_back(std::move(item.person));
    co_return out;
}

Task<http::List<PersonAndTime>> EngagementApi::likes(auth::Viewer viewer, PostPath id,
                                                     http::Page<> page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    co_await parts_.reader.find(*id, onlooker, info);
    co_return co_await people(onlooker, page,
                              store::where<&Engagement::post_id>(*id) &&
                                  store::where<&Engagement::liked_at>.greater(Timestamp()),
                              &Engagement::liked_at, store::descending<&Engagement::liked_at>(),
                              info);
}

Task<http::List<PersonAndTime>> EngagementApi::reactions_of(
    auth::Viewer viewer, PostPath id, http::Path<ReactionType, "reaction_type"> type,
    http::Page<> page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    co_await parts_.reader.find(*id, onlooker, info);
    co_return co_await people(
        onlooker, page,
        store::where<&Engagement::post_id>(*id) && store::where<&Engagement::reaction>(*type) &&
            store::where<&Engagement::reacted_at>.greater(Timestamp()),
        &Engagement::reacted_at, store::descending<&Engagement::reacted_at>(), info);
}

Task<ReactionLists> EngagementApi::reactions(auth::Viewer viewer, PostPath id,
                                             http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const shown = co_await parts_.reader.find(*id, onlooker, info);
    http::PageRequest page;
    page.limit = reactions_shown_max;
    ReactionLists out;
    for (auto const& [name, count] : shown.post.reaction_counts) {
        auto const type = reflect::enum_from<ReactionType>(name);
        if (!type || count == 0) continue;
        auto list = co_await people(
            onlooker, page,
            store::where<&Engagement::post_id>(*id) && store::where<&Engagement::reaction>(*type) &&
                store::where<&Engagement::reacted_at>.greater(Timestamp()),
            &Engagement::reacted_at, store::descending<&Engagement::reacted_at>(), info);
        if (!list.items.empty()) out[name] = std::move(list.items);
    }
    co_return out;
}

}  // namespace grover::post
