// The collections of this service, typed: what every part of it reads and writes through.
#pragma once

#include "store/collection.hpp"
#include "user/oidc/login_flow.hpp"
#include "user/user.hpp"

namespace grover::user {

struct Data {
    explicit Data(store::DocumentStore& of) : store(of) {}

    store::DocumentStore& store;
    store::Collection<User> users{store, "users"};
    store::Collection<Credential> credentials{store, "credentials"};
    store::Collection<ExternalIdentity> identities{store, "identities"};
    store::Collection<Session> sessions{store, "sessions"};
    store::Collection<Revocation> revocations{store, "revocations"};
    store::Collection<oidc::LoginFlow> login_flows{store, "login_flows"};
    store::Collection<Edge> edges{store, "edges"};
    store::Collection<Departure> departures{store, "departures"};

    /// The account; throws Error (not_found) when there is none.
    net::Task<store::Stored<User>> user(UserId const& id) const;
    /// Those that exist, in the order of `ids`.
    net::Task<std::vector<User>> users_of(std::vector<UserId> ids) const;
};

[[noreturn]] void throw_no_such_user();
/// The account behind a session that was good a moment ago is gone.
[[noreturn]] void throw_account_gone();

}  // namespace grover::user
