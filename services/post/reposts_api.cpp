#include "post/reposts_api.hpp"

#include "contracts/post.hpp"
#include "post/compose.hpp"
#include "post/removal.hpp"
#include "post/retry.hpp"

namespace grover::post {

/// The post itself, or what it reposts.
Task<Post> RepostsApi::original(PostId const& id, Onlooker const& onlooker,
                                http::RequestInfo const& info) {
    auto shown = co_await parts_.reader.find(id, onlooker, info);
    if (!shown.post.original_post_id) co_return std::move(shown.post);
    if (!shown.original) throw Error(ErrorCode::not_found, "the reposted post is not there");
    co_return *std::move(shown.original);
}

Task<http::Created<Reposted>> RepostsApi::repost(auth::Caller caller, PostPath id,
                                                 std::optional<CreateRepost> in, service::Unit unit,
                                                 http::RequestInfo info) {
    std::optional<std::string> comment;
    if (in && in->repost_comment && has_text(in->repost_comment->value))
        comment = in->repost_comment->value;
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    using Reply = http::Created<Reposted>;
    co_return co_await retried<Reply>([&]() -> Task<std::expected<Reply, store::Rejected>> {
        auto const before = co_await original(*id, onlooker, info);
        auto const mine = co_await parts_.engagements.read(before.post_id, caller.user_id);
        if (mine.value.repost_id)
            throw Error(ErrorCode::conflict, "already_reposted",
                        "you have reposted this post already");
        auto const post = compose_repost(before, comment, caller.user_id, parts_.clock());
        auto after = before;
        ++after.repost_count;
        auto marked = mine.value;
        marked.repost_id = post.post_id;

        store::Batch batch;
        write_counters(batch, before, after);
        parts_.engagements.write(batch, mine, marked);
        parts_.posts.insert(batch, post);
        parts_.outbox.add(batch, contracts::PostCreated{post.post_id, post.user_id, {}});
        auto done = co_await unit.commit(
            std::move(batch),
            Reply{{post.post_id, after.repost_count}, "/api/posts/" + post.post_id.str()});
        if (done) parts_.outbox.notify();
        co_return done;
    });
}

Task<Unreposted> RepostsApi::unrepost(auth::Caller caller, PostPath id, service::Unit unit,
                                      http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    co_return co_await retried<Unreposted>(
        [&]() -> Task<std::expected<Unreposted, store::Rejected>> {
            auto mine = co_await parts_.engagements.read(*id, caller.user_id);
            if (!mine.value.repost_id) {  // It may name a repost.
                auto const shown = (co_await parts_.reader.find(*id, onlooker, info)).post;
                auto const target = shown.original_post_id.value_or(shown.post_id);
                mine = co_await parts_.engagements.read(target, caller.user_id);
            }
            // What was reposted need not be in sight any more.
            auto const original = co_await parts_.posts.find(mine.value.post_id);
            if (!original) throw Error(ErrorCode::not_found, "there is no such post");
            auto const count = original->value.repost_count;
            Unreposted none{"not_reposted", false, count};
            if (!mine.value.repost_id) co_return none;
            auto const repost = co_await parts_.posts.find(*mine.value.repost_id);
            if (!repost) co_return none;
            store::Batch batch;
            co_await remove_post(parts_, batch, **repost);
            auto done =
                co_await unit.commit(std::move(batch), Unreposted{"unreposted", false, count - 1});
            if (done) parts_.outbox.notify();
            co_return done;
        });
}

Task<http::List<PostView>> RepostsApi::list(auth::Viewer viewer, PostPath id, http::Page<> page,
                                            http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const post = co_await original(*id, onlooker, info);
    co_return co_await parts_.reader.page(
        page, onlooker, Surface::asked_for, info,
        newest_first(parts_.posts, store::where<&Post::original_post_id>(post.post_id)));
}

}  // namespace grover::post
