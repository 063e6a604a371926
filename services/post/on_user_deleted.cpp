// user.deleted.v1: everything of the user goes. From this moment nobody sees it (their card is
// gone); the documents go in the background.
#include "contracts/user.hpp"
#include "post/program.hpp"

namespace grover::post {

Task<> Program::on_user_deleted(contracts::UserDeleted const& event, store::Batch& batch) {
    people_.forget(event.user_id);
    run_twice(parts_.jobs, batch, JobKind::forget_user, event.user_id.str(), parts_.clock());
    co_return;
}

}  // namespace grover::post
