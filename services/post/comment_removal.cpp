#include "post/comment_removal.hpp"

namespace grover::post {

Task<> remove_comment(Parts& parts, store::Batch& batch, store::Stored<Comment> const& comment) {
    // The version pins the number of replies: each of them changes it.
    auto const shard = comment->post_id.str();
    parts.comments.remove(batch, comment->comment_id,
                          {.if_version = comment.version, .shard = shard});
    bool counts = true;
    if (comment->parent_comment_id) {
        counts = (co_await parts.comments.find(*comment->parent_comment_id)).has_value();
        if (counts)
            parts.comments.patch(batch, *comment->parent_comment_id)
                .shard(shard)
                .inc<&Comment::replies_count>(-1);
    }
    // Of a thread that has gone it was taken off with that.
    auto const post = counts ? co_await parts.posts.find(comment->post_id) : std::nullopt;
    if (post) {
        auto counted = post->value;
        counted.comments_count -= 1 + comment->replies_count;
        write_counters_if_there(batch, post->value, counted);
    }
    parts.jobs.upsert(batch,
                      job_of(JobKind::clear_comment, comment->comment_id.str(), parts.clock()));
}

}  // namespace grover::post
