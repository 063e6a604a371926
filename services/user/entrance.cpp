#include "user/entrance.hpp"

#include "user/limits.hpp"

namespace grover::user {

SignedIn signed_in(User const& user, Sessions::Opened const& opened) {
    SignedIn out;
    static_cast<OwnUser&>(out) = own_view(user);
    out.session_token = opened.token;
    out.expires_at = opened.expires_at;
    return out;
}

Task<SignedIn> Entrance::enter(ExternalPerson person, http::RequestInfo const& info,
                               Commit const& commit) const {
    for (int attempt = 0; attempt < limits::commit_attempts_max; ++attempt) {
        store::Batch batch;
        auto const user = co_await admission_.admit(batch, person);
        auto const opened = co_await sessions_.open(batch, user.user_id, info);
        auto reply = signed_in(user, opened);
        if (co_await commit(std::move(batch), reply)) co_return reply;
    }
    throw Error(ErrorCode::unavailable, "this account is being changed: try again")
        .with_retry_after(std::chrono::seconds(1));
}

Entrance::Commit Entrance::commit_to(service::Unit& unit) {
    return [&unit](store::Batch batch, SignedIn const& reply) -> Task<bool> {
        co_return (co_await unit.commit(std::move(batch), reply)).has_value();
    };
}

Entrance::Commit Entrance::commit_to_store() const {
    return [this](store::Batch batch, SignedIn const&) -> Task<bool> {
        co_return (co_await data_.store.commit(std::move(batch))).has_value();
    };
}

}  // namespace grover::user
