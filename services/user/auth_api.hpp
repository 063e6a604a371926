// Ways in and out: register, sign in (password, OpenID Connect, broker), log out, devices. The
// browser's way through a provider is in login_api.
#pragma once

#include <vector>

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "service/kit.hpp"
#include "service/unit.hpp"
#include "user/broker.hpp"
#include "user/entrance.hpp"
#include "user/oidc/provider.hpp"
#include "user/passwords.hpp"

namespace grover::user {

/// Body of POST /api/auth/register.
struct Register {
    Text<1, 320> email;
    Text<8, 256> password;
    Text<1, 100> name;
};
BOOST_DESCRIBE_STRUCT(Register, (), (email, password, name))
void validate(Register const& in, reflect::Issues& issues);

/// Body of POST /api/auth/session: one of the three groups.
struct SignIn {
    std::optional<Text<1, 320>> email;
    std::optional<Text<1, 256>> password;

    std::optional<Text<1, 32>> provider;
    std::optional<Text<1, 4096>> code;
    std::optional<Text<43, 128>> code_verifier;
    std::optional<Text<1, 2048>> redirect_uri;
    std::optional<Text<1, 256>> nonce;  // where given, the ID token must have it

    std::optional<Text<1, 1024>> session_id;
};
BOOST_DESCRIBE_STRUCT(SignIn, (),
                      (email, password, provider, code, code_verifier, redirect_uri, nonce,
                       session_id))
void validate(SignIn const& in, reflect::Issues& issues);

/// An entry of GET /api/auth/sessions.
struct Device {
    SessionId session_id;
    Timestamp created_at;
    Timestamp last_seen_at;
    std::string user_agent;
    std::string ip;
    bool current = false;
};
BOOST_DESCRIBE_STRUCT(Device, (), (session_id, created_at, last_seen_at, user_agent, ip, current))

class AuthApi {
public:
    AuthApi(Data& data, Sessions& sessions, Passwords& passwords, Admission& admission,
            Entrance const& entrance, Broker const& broker, oidc::Providers const& providers);

    Task<http::Created<SignedIn>> register_user(Register in, http::RequestInfo info,
                                                service::Unit unit);
    Task<SignedIn> sign_in(SignIn in, http::RequestInfo info, service::Unit unit);
    Task<http::Response> sign_in_by_query(
        http::Query<std::optional<Text<1, 1024>>, "session_id"> session_id, http::RequestInfo info);

    Task<http::Response> log_out(http::Header<"Authorization"> authorization,
                                 http::Header<"Cookie"> cookies, service::Unit unit);
    Task<std::vector<Device>> devices(auth::Caller caller);
    Task<http::Message> end_device(auth::Caller caller, http::Path<SessionId, "session_id"> id,
                                   service::Unit unit);
    Task<http::Message> end_other_devices(auth::Caller caller, service::Unit unit);

private:
    Task<SignedIn> enter_by_password(SignIn const& in, http::RequestInfo const& info,
                                     Entrance::Commit const& commit);
    Task<ExternalPerson> person_of_broker_session(std::string session_id, http::Deadline deadline);

    Data& data_;
    Sessions& sessions_;
    Passwords& passwords_;
    Admission& admission_;
    Entrance const& entrance_;
    Broker const& broker_;
    oidc::Providers const& providers_;
};

}  // namespace grover::user
