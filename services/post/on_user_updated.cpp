// user.updated.v1: the user's card is asked for anew. Where their account has become private, or is
// no longer, their tags are counted anew in the background.
#include "contracts/user.hpp"
#include "post/program.hpp"

namespace grover::post {

Task<> Program::on_user_updated(contracts::UserUpdated const& event, store::Batch& batch) {
    people_.forget(event.user_id);
    run_twice(parts_.jobs, batch, JobKind::relist_tags, event.user_id.str(), parts_.clock());
    co_return;
}

}  // namespace grover::post
