// What a deletion leaves behind is cleared away in the background: small batches, repeated until
// nothing is left, so that deleting a post with a million likes is as quick as any other and goes
// on after a crash where it stopped. Nobody sees what waits: it hangs on a post, a comment or a
// person that is gone, and visible() asks for those.
//
// The other jobs bring what is counted into line with what the user service said since.
#pragma once

#include "auth/identity.hpp"
#include "post/post.hpp"
#include "store/collection.hpp"

namespace grover::post {

BOOST_DEFINE_ENUM_CLASS(JobKind, clear_post, clear_comment, forget_user, relist_tags)

/// A document of "jobs".
struct Job {
    std::string id;  // kind, ':', subject
    JobKind kind = JobKind::clear_post;
    std::string subject;  // the id of the post, comment or user
    Timestamp run_after;
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, kind, subject, run_after))

inline Job job_of(JobKind kind, std::string subject, Timestamp run_after) {
    return {std::string(reflect::name_of(kind)) + ":" + subject, kind, std::move(subject),
            run_after};
}

/// A job for now, and once more a little later: a request that was under way with what was true
/// before (an identity lives a minute) may still write.
inline void run_twice(store::Collection<Job> const& jobs, store::Batch& batch, JobKind kind,
                      std::string const& subject, Timestamp now) {
    auto later = job_of(kind, subject, now + 2 * auth::identity_lifetime);
    later.id += ":again";
    jobs.upsert(batch, job_of(kind, subject, now));
    jobs.upsert(batch, later);
}

}  // namespace grover::post
