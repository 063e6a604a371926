// The hosted login broker of the existing mobile app: it runs the provider's pages and hands the
// app a session id, which we turn into a person.
//
//     GET {AUTH_BROKER_URL}/auth/v1/env/oauth/session-data      X-Session-ID: ...
//     200 {"email": "...", "name": "...", "picture": "...", "session_token": "..."}
//
// The broker's own session token is not used: sessions here are ours.
#pragma once

#include <optional>
#include <string>

#include <boost/json.hpp>

#include "user/external_person.hpp"
#include "user/oidc/web.hpp"

namespace grover::user {

/// The person of a broker's reply; nothing when it lacks an e-mail or has the wrong types.
std::optional<ExternalPerson> person_of_broker(boost::json::object const& reply);

class Broker {
public:
    /// `url`: empty for none.
    Broker(service::Kit& kit, std::string url) : kit_(kit), web_(kit), url_(std::move(url)) {}

    bool configured() const noexcept { return !url_.empty(); }
    /// Throws Error: unauthenticated when the broker does not know the session, bad_gateway or
    /// unavailable when it does not work.
    net::Task<ExternalPerson> person(std::string session_id, http::Deadline deadline) const;

private:
    service::Kit& kit_;
    oidc::Web web_;
    std::string url_;
};

}  // namespace grover::user
