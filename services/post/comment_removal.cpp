#include "post/comment_removal.hpp"

namespace grover::post {

Task<> remove_comment(Parts& parts, store::Batch& batch, store::Stored<Comment> const& comment) {
    // The version pins the number of replies: each of them changes it.
    parts.comments.remove(batch, comment->comment_id, {.if_version = comment.version});
    parts.comments.remove_all(batch,
                              store::where<&Comment::parent_comment_id>(comment->comment_id));
    if (comment->parent_comment_id)
        batch.add(store::Patch{.collection = parts.comments.name(),
                               .id = comment->parent_comment_id->str(),
                               .inc = {{"replies_count", -1}},
                               .ignore_missing = true});
    if (auto const post = co_await parts.posts.find(comment->post_id)) {
        auto counted = post->value;
        counted.comments_count -= 1 + comment->replies_count;
        write_counters_if_there(batch, post->value, counted);
    }
    parts.jobs.upsert(batch,
                      job_of(JobKind::clear_comment, comment->comment_id.str(), parts.clock()));
}

}  // namespace grover::post
