// What a deletion leaves behind is cleared away in the background: small batches, repeated until
// nothing is left, so that deleting a post with a million likes is as quick as any other and goes
// on after a crash where it stopped. Nobody sees what waits: it hangs on a post, a comment or a
// person that is gone, and visible() asks for those.
#pragma once

#include "post/post.hpp"
#include "store/collection.hpp"

namespace grover::post {

BOOST_DEFINE_ENUM_CLASS(JobKind, clear_post, clear_comment, forget_user)

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

}  // namespace grover::post
