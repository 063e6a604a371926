// The ID token of OpenID Connect Core 1.0 (sections 2 and 3.1.3.7): a signed statement of who
// signed in.
//
//     auto const claims = verify_id_token(token, keys, {.issuer = ..., .client_id = ..., .now =
//     now}); if (!claims) log(name_of(claims.error()));
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "reflect/codec.hpp"
#include "user/oidc/keys.hpp"

namespace grover::user::oidc {

inline constexpr std::size_t id_token_bytes_max = 16 << 10;
/// How far a provider's clock may be from ours.
inline constexpr auto clock_skew_max = std::chrono::seconds(30);

/// What the provider says of the person. A claim of the wrong type counts as absent.
struct Claims {
    std::string subject;
    std::optional<std::string> email;
    std::optional<bool> email_verified;
    std::optional<std::string> name;
    std::optional<std::string> picture;
};

/// The claims of a JSON object, as ID tokens and userinfo replies have them; nothing without "sub".
std::optional<Claims> read_claims(boost::json::object const& from);

struct Expected {
    std::string_view issuer;
    std::string_view client_id;
    /// What this sign-in sent; nothing where the client made it and keeps it to itself.
    std::optional<std::string> nonce;
    Timestamp now;
};

/// Why a token is refused; for logs, never for the caller of the API.
enum class TokenFault {
    malformed,
    algorithm,
    unknown_key,
    signature,
    issuer,
    audience,
    expired,
    not_yet_valid,
    nonce,
};
BOOST_DESCRIBE_ENUM(TokenFault, malformed, algorithm, unknown_key, signature, issuer, audience,
                    expired, not_yet_valid, nonce)

/// The signature is checked before any claim is looked at.
std::expected<Claims, TokenFault> verify_id_token(std::string_view token, KeySet const& keys,
                                                  Expected const& expected);

}  // namespace grover::user::oidc
