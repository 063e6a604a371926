#include "post/engagement_api.hpp"

#include "post/retry.hpp"

namespace grover::post {
namespace {

constexpr std::size_t reactions_shown_max = 100;

// What is answered to a change, by whether it changed something.

auto opinion(std::string_view changed, std::string_view unchanged) {
    return [=](auto const& done) {
        auto const& [did, shown, mine] = done;
        return Opinion{std::string(did ? changed : unchanged), mine.liked_at.has_value(),
                       mine.disliked_at.has_value(), shown.post.likes_count,
                       shown.post.dislikes_count};
    };
}

auto reaction(std::string_view changed, std::string_view unchanged) {
    return [=](auto const& done) {
        auto const& [did, shown, mine] = done;
        auto counts = shown.post.reaction_counts;
        std::erase_if(counts, [](auto const& count) { return count.second == 0; });
        return Reaction{std::string(did ? changed : unchanged), mine.reaction, std::move(counts)};
    };
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

}  // namespace

Task<EngagementApi::Changed> EngagementApi::apply(Way way, Change const& change,
                                                  store::Batch& batch, Onlooker const& onlooker,
                                                  PostId const& id, http::RequestInfo const& info) {
    auto const mine = co_await parts_.engagements.read(id, *onlooker.id());
    Changed out{false, {}, mine.value};
    Post before;
    auto const apply_to = [&](Shown shown) {
        before = shown.post;
        out.shown = std::move(shown);
        out.changed = change(out.shown.post, out.mine);
    };
    if (way == Way::take_back && mine.version)
        if (auto post = co_await parts_.posts.find(id))
            apply_to({std::move(post->value), {}, {}, {}});
    if (!out.changed) apply_to(co_await parts_.reader.find(id, onlooker, info));
    if (!out.changed) co_return out;
    parts_.engagements.write(batch, mine, out.mine);
    write_counters(batch, before, out.shown.post);
    co_return out;
}

template <class Answer>
Task<std::invoke_result_t<Answer, EngagementApi::Changed&>> EngagementApi::change(
    Way way, auth::Caller const& caller, PostId const& id, service::Unit& unit,
    http::RequestInfo const& info, Change const& change, Answer const& answer) {
    using Reply = std::invoke_result_t<Answer, Changed&>;
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await retried<Reply>([&]() -> Task<std::expected<Reply, store::Rejected>> {
        store::Batch batch;
        auto done = co_await apply(way, change, batch, onlooker, id, info);
        auto reply = answer(done);
        if (!done.changed) co_return reply;
        co_return co_await unit.commit(std::move(batch), std::move(reply));
    });
}

Task<Opinion> EngagementApi::like(auth::Caller caller, PostPath id, service::Unit unit,
                                  http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const like = [&](Post& post, Engagement& mine) {
        if (mine.liked_at) return false;
        remove_dislike(post, mine);
        mine.liked_at = now;
        ++post.likes_count;
        return true;
    };
    co_return co_await change(Way::add, caller, *id, unit, info, like,
                              opinion("liked", "already_liked"));
}

Task<Opinion> EngagementApi::unlike(auth::Caller caller, PostPath id, service::Unit unit,
                                    http::RequestInfo info) {
    co_return co_await change(Way::take_back, caller, *id, unit, info, remove_like,
                              opinion("unliked", "not_liked"));
}

Task<Opinion> EngagementApi::dislike(auth::Caller caller, PostPath id, service::Unit unit,
                                     http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const dislike = [&](Post& post, Engagement& mine) {
        if (mine.disliked_at) return false;
        remove_like(post, mine);
        mine.disliked_at = now;
        ++post.dislikes_count;
        return true;
    };
    co_return co_await change(Way::add, caller, *id, unit, info, dislike,
                              opinion("disliked", "already_disliked"));
}

Task<Opinion> EngagementApi::undislike(auth::Caller caller, PostPath id, service::Unit unit,
                                       http::RequestInfo info) {
    co_return co_await change(Way::take_back, caller, *id, unit, info, remove_dislike,
                              opinion("undisliked", "not_disliked"));
}

Task<Reaction> EngagementApi::react(auth::Caller caller, PostPath id, React in, service::Unit unit,
                                    http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const react = [&](Post& post, Engagement& mine) {
        if (mine.reaction == in.reaction_type) return false;
        remove_reaction(post, mine);
        mine.reaction = in.reaction_type;
        mine.reacted_at = now;
        ++post.reaction_counts[std::string(reflect::name_of(in.reaction_type))];
        return true;
    };
    co_return co_await change(Way::add, caller, *id, unit, info, react,
                              reaction("reacted", "reacted"));
}

Task<Reaction> EngagementApi::unreact(auth::Caller caller, PostPath id, service::Unit unit,
                                      http::RequestInfo info) {
    co_return co_await change(Way::take_back, caller, *id, unit, info, remove_reaction,
                              reaction("removed", "no_reaction"));
}

Task<Saved> EngagementApi::save(auth::Caller caller, PostPath id, service::Unit unit,
                                http::RequestInfo info) {
    auto const now = parts_.clock();
    auto const save = [&](Post&, Engagement& mine) {
        if (mine.saved_at) return false;
        mine.saved_at = now;
        return true;
    };
    co_return co_await change(Way::add, caller, *id, unit, info, save, [](Changed const& done) {
        return Saved{done.changed ? "saved" : "already_saved", true};
    });
}

Task<Saved> EngagementApi::unsave(auth::Caller caller, PostPath id, service::Unit unit,
                                  http::RequestInfo info) {
    auto const unsave = [](Post&, Engagement& mine) {
        return std::exchange(mine.saved_at, std::nullopt).has_value();
    };
    co_return co_await change(
        Way::take_back, caller, *id, unit, info, unsave,
        [](Changed const& done) { return Saved{done.changed ? "unsaved" : "not_saved", false}; });
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
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    auto const vote = [&](Post& post, Engagement& mine) {
        return cast_vote(post, mine, in.option_index, now);
    };
    co_return co_await retried<PostView>([&]() -> Task<std::expected<PostView, store::Rejected>> {
        store::Batch batch;
        auto done = co_await apply(Way::add, vote, batch, onlooker, *id, info);
        auto view = co_await parts_.reader.view(std::move(done.shown), onlooker);
        view.user_vote = done.mine.vote;
        if (!done.changed) co_return view;
        co_return co_await unit.commit(std::move(batch), std::move(view));
    });
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
