#include "user/oidc/provider.hpp"

#include "base/encoding.hpp"

namespace grover::user::oidc {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr std::size_t access_token_bytes_max = 16 << 10;

std::string text_of(json::object const& from, std::string_view name) {
    auto const* value = from.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool lists(json::object const& from, std::string_view name, std::string_view wanted) {
    auto const* value = from.if_contains(name);
    if (!value || !value->is_array()) return false;
    for (auto const& one : value->get_array())
        if (one.is_string() && std::string_view(one.get_string()) == wanted) return true;
    return false;
}

WebAddress discovery_address(std::string issuer, bool insecure_loopback) {
    while (issuer.ends_with('/')) issuer.pop_back();
    // The settings have been checked.
    return *WebAddress::parse(issuer + "/.well-known/openid-configuration", insecure_loopback);
}

/// A bearer token goes into a header: visible ASCII only.
bool fits_header(std::string_view token) {
    for (char const c : token)
        if (c <= ' ' || c > '~') return false;
    return token.size() <= access_token_bytes_max;
}

}  // namespace

void throw_login_refused() {
    throw Error(ErrorCode::unauthenticated, "login_refused",
                "the login provider did not sign you in");
}

Provider* find_provider(Providers const& providers, std::string_view id) noexcept {
    for (auto const& provider : providers)
        if (provider->id() == id) return provider.get();
    return nullptr;
}

std::optional<Metadata> Metadata::parse(json::object const& document, std::string_view issuer,
                                        bool insecure_loopback) {
    if (text_of(document, "issuer") != issuer) return {};
    auto const address = [&](std::string_view name) {
        return WebAddress::parse(text_of(document, name), insecure_loopback);
    };
    auto token = address("token_endpoint");
    auto jwks = address("jwks_uri");
    if (!token || !jwks || !address("authorization_endpoint")) return {};
    auto const* sends_issuer =
        document.if_contains("authorization_response_iss_parameter_supported");
    // Without the list, a client authenticates by HTTP Basic (Discovery section 3).
    constexpr std::string_view methods = "token_endpoint_auth_methods_supported";
    bool const basic = !document.contains(methods) ||
                       lists(document, methods, "client_secret_basic") ||
                       !lists(document, methods, "client_secret_post");
    return Metadata{
        .authorization_endpoint = text_of(document, "authorization_endpoint"),
        .token_endpoint = *std::move(token),
        .jwks_uri = *std::move(jwks),
        .userinfo_endpoint = address("userinfo_endpoint"),
        .basic_authentication = basic,
        .sends_issuer = sends_issuer && sends_issuer->is_bool() && sends_issuer->get_bool()};
}

Provider::Provider(service::Kit& kit, ProviderSettings settings, bool insecure_loopback)
    : kit_(kit), web_(kit), settings_(std::move(settings)), insecure_loopback_(insecure_loopback) {}

Task<std::shared_ptr<Metadata const>> Provider::metadata(http::Deadline deadline) {
    Kept<Metadata>::Fetch const fetch = [&]() -> Task<Kept<Metadata>::Value> {
        auto const document = co_await web_.get_json(
            discovery_address(settings_.issuer, insecure_loopback_), {}, deadline);
        auto metadata = Metadata::parse(document, settings_.issuer, insecure_loopback_);
        if (!metadata) throw_provider_broken();
        co_return std::make_shared<Metadata const>(*std::move(metadata));
    };
    co_return co_await metadata_.get(fetch, steady_clock::now());
}

Task<std::string> Provider::authorize_url(http::Deadline deadline) {
    auto const metadata = co_await this->metadata(deadline);
    auto const& endpoint = metadata->authorization_endpoint;
    co_return endpoint + (endpoint.contains('?') ? '&' : '?') +
        encode_form({{"response_type", "code"},
                     {"client_id", settings_.client_id},
                     {"scope", settings_.scope},
                     {"code_challenge_method", "S256"}});
}

Task<ExternalPerson> Provider::redeem(CodeGrant grant, http::Deadline deadline) {
    auto const metadata = co_await this->metadata(deadline);
    auto const tokens = co_await exchange(grant, *metadata, deadline);
    auto claims =
        co_await verified_claims(tokens.id_token, std::move(grant.nonce), *metadata, deadline);
    if (!claims.email)
        claims =
            co_await with_userinfo(std::move(claims), tokens.access_token, *metadata, deadline);
    co_return ExternalPerson{.provider = "oidc:" + settings_.id,
                             .subject = std::move(claims.subject),
                             .email = claims.email.value_or(""),
                             .email_verified = claims.email_verified,
                             .name = claims.name.value_or(""),
                             .picture = claims.picture.value_or("")};
}

Task<Provider::Tokens> Provider::exchange(CodeGrant const& grant, Metadata const& metadata,
                                          http::Deadline deadline) {
    Form form{{"grant_type", "authorization_code"},
              {"code", grant.code},
              {"redirect_uri", grant.redirect_uri},
              {"code_verifier", grant.code_verifier}};
    http::Headers headers;
    headers.add("Accept", "application/json");
    headers.add("Content-Type", "application/x-www-form-urlencoded");
    auto const& secret = settings_.client_secret.reveal();
    if (!secret.empty() && metadata.basic_authentication) {
        // RFC 6749 section 2.3.1: both are form-encoded first.
        headers.add("Authorization", "Basic " + to_base64(percent_encode(settings_.client_id) +
                                                          ':' + percent_encode(secret)));
    } else {
        form.emplace_back("client_id", settings_.client_id);
        if (!secret.empty()) form.emplace_back("client_secret", secret);
    }
    auto const reply = co_await web_.send("POST", metadata.token_endpoint, std::move(headers),
                                          encode_form(form), deadline);
    if (reply.status != 200) {
        // invalid_client is the operator's mistake, invalid_grant the caller's (RFC 6749
        // section 5.2).
        bool const refused = reply.status == 400 || reply.status == 403;
        kit_.log().warn("login provider refused a code",
                        {{"provider", settings_.id}, {"status", reply.status}});
        if (refused) throw_login_refused();
        throw_provider_broken();
    }
    auto const object = json_object_of(reply);
    Tokens tokens{text_of(object, "id_token"), text_of(object, "access_token")};
    if (tokens.id_token.empty()) throw_provider_broken();
    co_return tokens;
}

Task<Claims> Provider::verified_claims(std::string const& id_token,
                                       std::optional<std::string> nonce, Metadata const& metadata,
                                       http::Deadline deadline) {
    Kept<KeySet>::Fetch const fetch = [&]() -> Task<Kept<KeySet>::Value> {
        auto const document = co_await web_.get_json(metadata.jwks_uri, {}, deadline);
        auto keys = KeySet::parse(document);
        if (keys.empty()) throw_provider_broken();
        co_return std::make_shared<KeySet const>(std::move(keys));
    };
    Expected const expected{.issuer = settings_.issuer,
                            .client_id = settings_.client_id,
                            .nonce = std::move(nonce),
                            .now = kit_.clock()()};
    auto keys = co_await keys_.get(fetch, steady_clock::now());
    auto claims = verify_id_token(id_token, *keys, expected);
    if (!claims && claims.error() == TokenFault::unknown_key) {
        keys = co_await keys_.refresh(fetch, steady_clock::now());
        claims = verify_id_token(id_token, *keys, expected);
    }
    if (!claims) {
        kit_.log().warn("ID token refused",
                        {{"provider", settings_.id}, {"fault", reflect::name_of(claims.error())}});
        throw_login_refused();
    }
    co_return *std::move(claims);
}

/// Many providers put the e-mail there only (Core section 5.4).
Task<Claims> Provider::with_userinfo(Claims claims, std::string const& access_token,
                                     Metadata const& metadata, http::Deadline deadline) {
    if (!metadata.userinfo_endpoint || access_token.empty() || !fits_header(access_token))
        co_return claims;
    http::Headers headers;
    headers.add("Authorization", "Bearer " + access_token);
    auto const info = read_claims(
        co_await web_.get_json(*metadata.userinfo_endpoint, std::move(headers), deadline));
    // Core section 5.3.2: another "sub" means another person.
    if (!info || info->subject != claims.subject) throw_login_refused();
    claims.email = info->email;
    claims.email_verified = info->email_verified;
    if (!claims.name) claims.name = info->name;
    if (!claims.picture) claims.picture = info->picture;
    co_return claims;
}

}  // namespace grover::user::oidc
