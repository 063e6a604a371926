// One OpenID Connect provider: its discovery document, its keys, and the exchange of a code for a
// person (OpenID Connect Core 1.0, Discovery 1.0; RFC 6749, 7636).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/log.hpp"
#include "user/external_person.hpp"
#include "user/oidc/id_token.hpp"
#include "user/oidc/kept.hpp"
#include "user/oidc/settings.hpp"
#include "user/oidc/web.hpp"

namespace grover::user::oidc {

/// What we use of the discovery document; every address is checked.
struct Metadata {
    std::string authorization_endpoint;
    WebAddress token_endpoint;
    WebAddress jwks_uri;
    std::optional<WebAddress> userinfo_endpoint;
    bool basic_authentication = true;  // of the client at the token endpoint; else in the form
    bool sends_issuer = false;         // the authorization response has "iss" (RFC 9207)

    /// Nothing when the document is not this issuer's, or lacks or spoils something we need.
    static std::optional<Metadata> parse(boost::json::object const& document,
                                         std::string_view issuer, bool insecure_loopback);
};

/// What a browser or an app brings back from the provider.
struct CodeGrant {
    std::string code;
    std::string code_verifier;
    std::string redirect_uri;
    /// What the sign-in was begun with; nothing where the client keeps it to itself.
    std::optional<std::string> nonce;
};

/// Thread-safe.
class Provider {
public:
    Provider(service::Kit& kit, ProviderSettings settings, bool insecure_loopback);

    std::string const& id() const noexcept { return settings_.id; }
    std::string const& name() const noexcept { return settings_.name; }
    std::string const& issuer() const noexcept { return settings_.issuer; }

    Task<std::shared_ptr<Metadata const>> metadata(http::Deadline deadline);
    /// Where a sign-in begins, with everything that does not depend on the single sign-in.
    Task<std::string> authorize_url(http::Deadline deadline);

    /// Who the code stands for. Throws Error: unauthenticated when the provider or the check of its
    /// token refuses, bad_gateway or unavailable when the provider does not work.
    Task<ExternalPerson> redeem(CodeGrant grant, http::Deadline deadline);

private:
    struct Tokens {
        std::string id_token;
        std::string access_token;
    };
    Task<Tokens> exchange(CodeGrant const& grant, Metadata const& metadata,
                          http::Deadline deadline);
    Task<Claims> verified_claims(std::string const& id_token, std::optional<std::string> nonce,
                                 Metadata const& metadata, http::Deadline deadline);
    Task<Claims> with_userinfo(Claims claims, std::string const& access_token,
                               Metadata const& metadata, http::Deadline deadline);

    service::Kit& kit_;
    Web web_;
    ProviderSettings settings_;
    bool insecure_loopback_;
    Kept<Metadata> metadata_;
    Kept<KeySet> keys_;
};

/// Those of the settings, in their order.
using Providers = std::vector<std::unique_ptr<Provider>>;
/// Null for one that is not there.
Provider* find_provider(Providers const& providers, std::string_view id) noexcept;

/// 401: the provider says no, or what it says does not hold. The one answer for all of it.
[[noreturn]] void throw_login_refused();

}  // namespace grover::user::oidc
