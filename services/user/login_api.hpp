// Sign-in with OpenID Connect in a browser: to the provider (state, nonce, PKCE S256) and back,
// where the session becomes a cookie.
#pragma once

#include <vector>

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "user/entrance.hpp"
#include "user/oidc/provider.hpp"

namespace grover::user {

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

class LoginApi {
public:
    LoginApi(Data& data, Entrance const& entrance, oidc::Providers const& providers, Clock clock,
             std::string public_url);

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

private:
    Task<oidc::LoginFlow> take_flow(std::string provider, std::string state,
                                    std::string_view cookies);
    std::string callback_url(std::string_view provider) const;

    Data& data_;
    Entrance const& entrance_;
    oidc::Providers const& providers_;
    Clock clock_;
    std::string public_url_;
};

}  // namespace grover::user
