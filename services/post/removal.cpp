#include "post/removal.hpp"

#include "contracts/post.hpp"

namespace grover::post {
namespace {

/// The reposter's mark at the original, and the count of its reposts.
Task<> remove_repost_mark(Parts& parts, store::Batch& batch, Post const& repost) {
    auto const& original_id = *repost.original_post_id;
    auto const before = co_await parts.engagements.read(original_id, repost.user_id);
    if (before.value.repost_id != repost.post_id) co_return;
    auto after = before.value;
    after.repost_id.reset();
    parts.engagements.write(batch, before, after);
    auto const original = co_await parts.posts.find(original_id);
    if (!original) co_return;
    auto counted = original->value;
    --counted.repost_count;
    write_counters_if_there(batch, original->value, counted);
}

}  // namespace

Task<> remove_post(Parts& parts, store::Batch& batch, Post const& post,
                   std::optional<std::int64_t> if_version) {
    // Unlike the version, this time changes only with what decides which tags and mentions it has.
    parts.posts.remove(batch, post.post_id,
                       {.only_if = store::where<&Post::updated_at>(post.updated_at),
                        .if_version = if_version,
                        .shard = post.user_id.str()});
    co_await parts.tag_index.remove(batch, post);
    parts.tag_index.change_mentions(batch, post.post_id, mention_candidates(post), {});
    if (post.original_post_id) co_await remove_repost_mark(parts, batch, post);
    parts.jobs.upsert(batch, job_of(JobKind::clear_post, post.post_id.str(), parts.clock()));
    parts.outbox.add(batch, contracts::PostDeleted{post.post_id, post.user_id});
}

}  // namespace grover::post
