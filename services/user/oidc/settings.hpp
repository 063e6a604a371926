// Which OpenID Connect providers people can sign in with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "base/secret.hpp"

namespace grover::user::oidc {

struct ProviderSettings {
    std::string id;      // in our paths: "/api/auth/login/{id}"
    std::string name;    // for people
    std::string issuer;  // exactly as the provider spells it
    std::string client_id;
    Secret client_secret;  // empty: a public client
    std::string scope;
};

/// Reads OIDC_PROVIDERS (or the file that OIDC_PROVIDERS_FILE names), a JSON array
/// on one line:
///
///     [{"id": "example", "name": "Example", "issuer": "https://id.example", "client_id": "grover",
///       "client_secret": "..." or "client_secret_file": "/run/secrets/...", "scope": "openid email
///       profile"}]
///
/// `name`, the secret and `scope` may be left out. Issuers are https, or http on loopback where
/// `insecure_loopback` allows it. What is wrong becomes a problem of `env`.
std::vector<ProviderSettings> read_providers(Environment& env, bool insecure_loopback);

}  // namespace grover::user::oidc
