#include "post/posts_api.hpp"

#include "contracts/post.hpp"
#include "post/compose.hpp"
#include "post/removal.hpp"
#include "post/retry.hpp"

namespace grover::post {
namespace {

/// Tagging somebody who does not exist is a mistake; an '@' in the text that names nobody is not.
/// Whoever is hidden from the author by a block does not exist for them, in both.
void check_tagged(Post const& post, Cards const& cards, Onlooker const& author,
                  reflect::Issues& issues) {
    for (std::size_t i = 0; i < post.tagged_users.size(); ++i)
        if (auto const& user = post.tagged_users[i]; !visible(user, cards.find(user), author))
            issues.add_at("/tagged_users/" + std::to_string(i), "there is no such user");
}

template <class T>
using Committed = std::expected<T, store::Rejected>;

std::vector<UserId> those_who_exist(std::vector<UserId> users, Cards const& cards,
                                    Onlooker const& author) {
    std::erase_if(users,
                  [&](auto const& user) { return !visible(user, cards.find(user), author); });
    return users;
}

}  // namespace

Task<http::Created<PostView>> PostsApi::create(auth::Caller caller, http::Form<CreatePost> form,
                                               service::Unit unit, http::RequestInfo info) {
    if (!form.files.empty())
        throw Error(ErrorCode::unavailable,
                    "files cannot be taken yet: send the address of the media as media_url");
    reflect::Issues issues;
    auto post = compose(std::move(form.value), caller.user_id, parts_.clock(), issues);
    auto people = mention_candidates(post);
    people.push_back(caller.user_id);
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    auto const cards = co_await parts_.people.cards(people, info);
    check_tagged(post, cards, onlooker, issues);
    issues.check();
    auto const* author = cards.find(caller.user_id);
    if (!author) throw Error(ErrorCode::unauthenticated, "the account is gone");
    auto const mentions = those_who_exist(mention_candidates(post), cards, onlooker);

    auto view = co_await parts_.reader.view({post, person_of(*author), {}, {}}, Onlooker());
    http::Created<PostView> reply{std::move(view), "/api/posts/" + post.post_id.str()};
    co_return co_await retried<http::Created<PostView>>(
        [&]() -> Task<Committed<http::Created<PostView>>> {
            store::Batch batch;
            parts_.posts.insert(batch, post);
            co_await parts_.tag_index.add(batch, post, account_of(author));
            parts_.tag_index.change_mentions(batch, post.post_id, {}, mentions);
            parts_.outbox.add(batch, contracts::PostCreated{post.post_id, post.user_id, mentions});
            auto done = co_await unit.commit(std::move(batch), reply);
            if (done) parts_.outbox.notify();
            co_return done;
        });
}

Task<PostView> PostsApi::get(auth::Viewer viewer, PostPath id, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    co_return co_await parts_.reader.find_view(*id, onlooker, info);
}

/// The post as stored, once the precondition holds for it as the caller would see it.
Task<PostsApi::Found> PostsApi::find_for_change(PostId const& id, Onlooker const& onlooker, Who who,
                                                http::IfMatch const& if_match,
                                                http::RequestInfo const& info) {
    auto found = co_await parts_.posts.find(id);
    if (!found) throw Error(ErrorCode::not_found, "there is no such post");
    auto shown = co_await parts_.reader.show(found->value, onlooker, info);
    bool const allowed = onlooker.is(found->value.user_id) ||
                         (who == Who::author_or_moderator && onlooker.moderates());
    if (!allowed) throw Error(ErrorCode::forbidden, "this post is not yours");
    if (if_match.present())
        if_match.check(http::etag_of(co_await parts_.reader.view(shown, onlooker)));
    co_return Found{*std::move(found), std::move(shown)};
}

Task<PostView> PostsApi::update(auth::Caller caller, PostPath id, UpdatePost in,
                                http::IfMatch if_match, service::Unit unit,
                                http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await retried<PostView>([&]() -> Task<Committed<PostView>> {
        auto [before, shown] = co_await find_for_change(*id, onlooker, Who::author, if_match, info);
        reflect::Issues issues;
        auto const after = revise(*before, in, parts_.clock(), issues);
        issues.check();
        bool const changes = revised(*before, after);
        if (changes) shown.post = after;
        auto view = co_await parts_.reader.view(std::move(shown), onlooker);
        if (!changes) co_return view;
        auto people = mention_candidates(after);
        people.push_back(caller.user_id);
        auto const cards = co_await parts_.people.cards(std::move(people), info);
        store::Batch batch;
        auto patch = parts_.posts.patch(batch, *id);
        patch.shard(before->user_id.str())
            .only_if(store::where<&Post::updated_at>(before->updated_at))
            .set<&Post::content>(after.content)
            .set<&Post::location>(after.location)
            .set<&Post::visibility>(after.visibility)
            .set<&Post::tags>(after.tags)
            .set<&Post::heat>(after.heat)
            .set<&Post::edited>(after.edited)
            .set<&Post::updated_at>(after.updated_at);
        if (if_match.present()) patch.if_version(before.version);
        co_await parts_.tag_index.change(batch, *before, after,
                                         account_of(cards.find(caller.user_id)));
        parts_.tag_index.change_mentions(
            batch, *id, mention_candidates(*before),
            those_who_exist(mention_candidates(after), cards, onlooker));
        parts_.outbox.add(batch, contracts::PostUpdated{*id, before->user_id});
        auto done = co_await unit.commit(std::move(batch), std::move(view));
        if (done) parts_.outbox.notify();
        co_return done;
    });
}

Task<http::Message> PostsApi::remove(auth::Caller caller, PostPath id, http::IfMatch if_match,
                                     service::Unit unit, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    http::Message const reply{"Post deleted"};
    co_return co_await retried<http::Message>([&]() -> Task<Committed<http::Message>> {
        auto const found =
            co_await find_for_change(*id, onlooker, Who::author_or_moderator, if_match, info);
        auto const& post = found.stored;
        store::Batch batch;
        co_await remove_post(parts_, batch, *post,
                             if_match.present() ? std::optional(post.version) : std::nullopt);
        auto done = co_await unit.commit(std::move(batch), reply);
        if (done) parts_.outbox.notify();
        co_return done;
    });
}

}  // namespace grover::post
