// Works off "jobs" (jobs.hpp): small batches until nothing is left of a deleted post, comment or
// person, or to be counted anew.
#pragma once

#include "post/parts.hpp"
#include "telemetry/log.hpp"

namespace grover::post {

class Background {
public:
    Background(Parts& parts, store::DocumentStore& store, telemetry::Log& log)
        : parts_(parts), store_(store), log_(log) {}

    /// All jobs that are due. A job that fails is put off and does not hold up the others.
    Task<> run();
    /// What an earlier version stored gets what it lacks, once.
    Task<> bring_up_to_date();

private:
    Task<> work(Job const& job);
    /// Each takes a bounded step and says whether there was anything to do.
    Task<bool> clear_post(PostId id);
    Task<bool> clear_comment(CommentId id);
    Task<bool> forget_user(UserId id);
    Task<bool> relist_tags(UserId id);
    Task<bool> look_at_tags();

    Task<bool> forget_engagements(UserId id);
    Task<bool> forget_comments(UserId id);
    Task<bool> forget_comment_likes(UserId id);
    Task<bool> forget_mentions(UserId id);
    Task<bool> remove_posts(store::Where<Post> filter);
    /// Documents that nothing else counts.
    template <class T, class Id>
    Task<bool> clear(store::Collection<T> documents, Id T::* id, store::Where<T> filter,
                     std::vector<store::OrderBy<T>> order = {});
    Task<> commit(store::Batch batch);

    Parts& parts_;
    store::DocumentStore& store_;
    telemetry::Log& log_;
    bool up_to_date_ = false;
};

}  // namespace grover::post
