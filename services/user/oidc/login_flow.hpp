// A sign-in in the browser, from the redirect to the provider until it comes back.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "reflect/codec.hpp"

namespace grover::user::oidc {

/// Kept from /login until /callback, which removes it: a state works once. Collection
/// "login_flows".
struct LoginFlow {
    std::string state_hash;
    std::string provider;
    std::string nonce;
    std::string code_verifier;
    std::string browser_hash;  // of the cookie that binds the flow to the browser that began it
    std::string return_to;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(LoginFlow, (),
                      (state_hash, provider, nonce, code_verifier, browser_hash, return_to,
                       expires_at))

inline constexpr auto login_flow_lifetime = std::chrono::milliseconds(std::chrono::minutes(10));
inline constexpr std::string_view login_cookie = "__Host-grover_login";
/// What the kit takes for a bearer token (service/pipeline).
inline constexpr std::string_view session_cookie = "__Host-grover_session";

/// A new flow and its secrets, which only the browser is told.
struct NewFlow {
    LoginFlow flow;
    std::string state;
    std::string browser;  // the cookie's value
};
NewFlow make_flow(std::string provider, std::string return_to, Timestamp now);

/// BASE64URL(SHA256(verifier)), RFC 7636 section 4.2.
std::string code_challenge(std::string_view code_verifier);

/// A path of ours to go on to after the sign-in: begins with one "/", visible ASCII without a
/// backslash. Anything else becomes "/": nobody is sent to another site by a link to us.
std::string safe_return_to(std::string_view path);

/// `path` with one more query parameter.
std::string with_parameter(std::string path, std::string_view name, std::string_view value);

/// The value of one cookie of a Cookie header; empty when it is not there.
std::string_view cookie_value(std::string_view header, std::string_view name);

/// A Set-Cookie value that only our pages over TLS get to send; an age of 0 removes the cookie.
std::string host_cookie(std::string_view name, std::string_view value, std::chrono::seconds age);

}  // namespace grover::user::oidc
