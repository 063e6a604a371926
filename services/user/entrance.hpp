// The last step of every way to sign in: the session, and the reply that tells its token.
#pragma once

#include <functional>

#include "service/unit.hpp"
#include "user/admission.hpp"
#include "user/sessions.hpp"

namespace grover::user {

class Entrance {
public:
    Entrance(Data& data, Sessions& sessions, Admission& admission)
        : data_(data), sessions_(sessions), admission_(admission) {}

    /// Commits a batch together with the reply; false when it was rejected.
    using Commit = std::function<Task<bool>(store::Batch, SignedIn const&)>;
    /// With the request's Idempotency-Key; `unit` must outlive the Commit.
    static Commit commit_to(service::Unit& unit);
    /// For the GETs that sign in, which have none.
    Commit commit_to_store() const;

    /// Signs in whoever a login provider vouches for. Throws what Admission does.
    Task<SignedIn> enter(ExternalPerson person, http::RequestInfo const& info,
                         Commit const& commit) const;

private:
    Data& data_;
    Sessions& sessions_;
    Admission& admission_;
};

SignedIn signed_in(User const& user, Sessions::Opened const& opened);

}  // namespace grover::user
