// user.deleted.v1: everything of the user goes. From this moment nobody sees it (their card is
// gone); the documents go in the background, and once more a little later, because a request that
// was under way with an identity signed before (it lives a minute) may still write.
#include "auth/identity.hpp"
#include "contracts/user.hpp"
#include "post/program.hpp"

namespace grover::post {

Task<> Program::on_user_deleted(contracts::UserDeleted const& event, store::Batch& batch) {
    people_.forget(event.user_id);
    auto const& id = event.user_id.str();
    auto const now = parts_.clock();
    auto later = job_of(JobKind::forget_user, id, now + 2 * auth::identity_lifetime);
    later.id += ":again";
    parts_.jobs.upsert(batch, job_of(JobKind::forget_user, id, now));
    parts_.jobs.upsert(batch, later);
    co_return;
}

}  // namespace grover::post
