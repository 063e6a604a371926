// Ways in and out: register, sign in (password, OpenID Connect, broker), log out, devices.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "service/kit.hpp"
#include "service/unit.hpp"
#include "user/admission.hpp"
#include "user/broker.hpp"
#include "user/oidc/provider.hpp"
#include "user/passwords.hpp"
#include "user/sessions.hpp"

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

/// An entry of GET /api/auth/providers.
struct LoginProvider {
    std::string id;
    std::string name;
    /// The provider's page with client_id, scope and response_type, for apps that add redirect_uri,
    /// state, nonce and code_challenge themselves; null while the provider cannot be reached.
    std::optional<std::string> authorize_url;
    std::string login_url;  // our own flow, for browsers
};
BOOST_DESCRIBE_STRUCT(LoginProvider, (), (id, name, authorize_url, login_url))

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

using Providers = std::vector<std::unique_ptr<oidc::Provider>>;

class AuthApi {
public:
    AuthApi(Data& data, Sessions& sessions, Passwords& passwords, Admission& admission,
            Broker const& broker, Providers& providers, Clock clock, std::string public_url);

    Task<http::Created<SignedIn>> register_user(Register in, http::RequestInfo info,
                                                service::Unit unit);
    Task<SignedIn> sign_in(SignIn in, http::RequestInfo info, service::Unit unit);
    Task<http::Response> sign_in_by_query(
        http::Query<std::optional<Text<1, 1024>>, "session_id"> session_id, http::RequestInfo info);

    Task<std::vector<LoginProvider>> providers(http::RequestInfo info);
    Task<http::Response> login(http::Path<std::string, "provider"> provider,
                               http::Query<std::optional<std::string>, "return_to"> return_to,
                               http::RequestInfo info);
    Task<http::Response> callback(http::Path<std::string, "provider"> provider,
                                  http::Query<std::optional<std::string>, "state"> state,
                                  http::Query<std::optional<std::string>, "code"> code,
                                  http::Query<std::optional<std::string>, "iss"> issuer,
                                  http::Query<std::optional<std::string>, "error"> error,
                                  http::Header<"Cookie"> cookies, http::RequestInfo info);

    Task<http::Response> log_out(http::Header<"Authorization"> authorization,
                                 http::Header<"Cookie"> cookies, service::Unit unit);
    Task<std::vector<Device>> devices(auth::Caller caller);
    Task<http::Message> end_device(auth::Caller caller, http::Path<SessionId, "session_id"> id,
                                   service::Unit unit);
    Task<http::Message> end_other_devices(auth::Caller caller, service::Unit unit);

private:
    /// Commits a batch together with the reply; false when it was rejected.
    using Commit = std::function<Task<bool>(store::Batch, SignedIn const&)>;

    Task<SignedIn> enter_by_password(SignIn const& in, http::RequestInfo const& info,
                                     Commit const& commit);
    Task<SignedIn> enter(ExternalPerson person, http::RequestInfo const& info,
                         Commit const& commit);
    Task<ExternalPerson> person_of_broker_session(std::string session_id, std::string pointer,
                                                  http::Deadline deadline);
    Task<oidc::LoginFlow> take_flow(std::string provider, std::string state,
                                    std::string_view cookies);
    Commit commit_to(service::Unit& unit) const;
    Commit commit_to_store() const;
    oidc::Provider* find_provider(std::string_view id) const;
    std::string callback_url(std::string_view provider) const;

    Data& data_;
    Sessions& sessions_;
    Passwords& passwords_;
    Admission& admission_;
    Broker const& broker_;
    Providers& providers_;
    Clock clock_;
    std::string public_url_;
};

}  // namespace grover::user
