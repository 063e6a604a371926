// Works off "jobs" (jobs.hpp): small batches until nothing is left of a deleted post, comment or
// person, or to be counted anew. Jobs take turns, a step each, so a large one delays no other.
#pragma once

#include "post/parts.hpp"
#include "telemetry/log.hpp"

namespace grover::post {

class Background {
public:
    Background(Parts& parts, store::DocumentStore& store, telemetry::Log& log)
        : parts_(parts), store_(store), log_(log) {}

    /// All jobs that are due, and those that become so meanwhile. A job that fails is put off and
    /// does not hold up the others.
    Task<> run();
    /// One step of each job that is due; whether one of them goes on at once.
    Task<bool> round();
    /// What an earlier version stored gets what it lacks, once.
    Task<> bring_up_to_date();

private:
    /// How a step of a job ended: of two, the greater counts.
    enum class Step {
        done,     // there was nothing to do
        more,     // there may be more to do
        meddled,  // a batch was rejected: somebody changed what it was made from; soon again
    };
    Task<Step> work(Job const& job);
    Task<Step> clear_post(PostId id);
    Task<Step> clear_comment(CommentId id);
    Task<Step> forget_user(UserId id);
    Task<Step> relist_tags(UserId id);
    Task<Step> look_at_tags();

    Task<Step> forget_engagements(UserId id);
    Task<Step> forget_comments(UserId id);
    Task<Step> forget_comment_likes(UserId id);
    Task<Step> forget_mentions(UserId id);
    Task<Step> remove_posts(store::Where<Post> filter);
    /// Documents that nothing else counts.
    template <class T, class Id>
    Task<Step> clear(store::Collection<T> documents, Id T::* id, store::Where<T> filter,
                     std::vector<store::OrderBy<T>> order = {});
    Task<Step> commit(store::Batch batch);

    Parts& parts_;
    store::DocumentStore& store_;
    telemetry::Log& log_;
    bool up_to_date_ = false;
};

}  // namespace grover::post
