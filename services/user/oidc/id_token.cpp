#include "user/oidc/id_token.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/secret.hpp"

namespace grover::user::oidc {
namespace {

namespace json = boost::json;

constexpr std::size_t subject_bytes_max = 255;
constexpr std::size_t audiences_max = 16;

/// A JSON object from one base64url part of the token.
std::optional<json::object> decode_object(std::string_view part) {
    auto const text = from_base64url(part);
    if (!text || !is_valid_utf8(*text)) return {};
    boost::system::error_code ec;
    json::parse_options options;
    options.max_depth = 16;
    auto value = json::parse(*text, ec, {}, options);
    if (ec || !value.is_object()) return {};
    return std::move(value.get_object());
}

std::optional<std::string> text_claim(json::object const& from, std::string_view name) {
    auto const* value = from.if_contains(name);
    if (!value || !value->is_string() || value->get_string().empty()) return {};
    return std::string(value->get_string());
}

/// A NumericDate (RFC 7519): seconds, possibly with a fraction.
std::optional<double> time_claim(json::object const& from, std::string_view name) {
    auto const* value = from.if_contains(name);
    if (!value || !value->is_number()) return {};
    return value->to_number<double>();
}

/// "aud" is one name or several; with several, "azp" must say that the token is for us.
bool is_for(json::object const& claims, std::string_view client_id) {
    auto const* aud = claims.if_contains("aud");
    if (!aud) return false;
    auto const azp = text_claim(claims, "azp");
    if (azp && *azp != client_id) return false;
    if (aud->is_string()) return std::string_view(aud->get_string()) == client_id;
    if (!aud->is_array() || aud->get_array().size() > audiences_max) return false;
    auto const& all = aud->get_array();
    bool const named = std::ranges::any_of(all, [&](json::value const& one) {
        return one.is_string() && std::string_view(one.get_string()) == client_id;
    });
    return named && (all.size() == 1 || azp);
}

std::optional<TokenFault> check(json::object const& claims, Expected const& expected) {
    if (text_claim(claims, "iss") != expected.issuer) return TokenFault::issuer;
    if (!is_for(claims, expected.client_id)) return TokenFault::audience;

    double const now = static_cast<double>(expected.now.ms) / 1000;
    double const skew = static_cast<double>(clock_skew_max.count());
    auto const expires = time_claim(claims, "exp");
    auto const issued = time_claim(claims, "iat");
    if (!expires || !issued) return TokenFault::malformed;
    if (now >= *expires + skew) return TokenFault::expired;
    if (*issued > now + skew) return TokenFault::not_yet_valid;
    if (claims.contains("nbf")) {
        auto const not_before = time_claim(claims, "nbf");
        if (!not_before) return TokenFault::malformed;
        if (*not_before > now + skew) return TokenFault::not_yet_valid;
    }
    if (expected.nonce) {
        auto const nonce = text_claim(claims, "nonce");
        if (!nonce || !equal_in_constant_time(*nonce, *expected.nonce)) return TokenFault::nonce;
    }
    return {};
}

}  // namespace

std::optional<Claims> read_claims(json::object const& from) {
    auto subject = text_claim(from, "sub");
    if (!subject || subject->size() > subject_bytes_max) return {};
    Claims out{.subject = *std::move(subject),
               .email = text_claim(from, "email"),
               .email_verified = {},
               .name = text_claim(from, "name"),
               .picture = text_claim(from, "picture")};
    if (auto const* verified = from.if_contains("email_verified")) {
        // Some providers send the word instead of the value. What is neither is taken as a no.
        out.email_verified = verified->is_bool() ? verified->get_bool()
                                                 : text_claim(from, "email_verified") == "true";
    }
    return out;
}

std::expected<Claims, TokenFault> verify_id_token(std::string_view token, KeySet const& keys,
                                                  Expected const& expected) {
    auto const fail = [](TokenFault fault) { return std::unexpected(fault); };
    auto const first = token.find('.');
    auto const second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (token.size() > id_token_bytes_max || second == std::string_view::npos)
        return fail(TokenFault::malformed);

    auto const header = decode_object(token.substr(0, first));
    auto const signature = from_base64url(token.substr(second + 1));
    // "crit" names extensions that must be understood (RFC 7515 section 4.1.11): we know none.
    if (!header || !signature || header->contains("crit")) return fail(TokenFault::malformed);
    auto const algorithm = algorithm_of(text_claim(*header, "alg").value_or(""));
    if (!algorithm) return fail(TokenFault::algorithm);

    auto const kid = text_claim(*header, "kid").value_or("");
    switch (keys.verify(*algorithm, kid, token.substr(0, second), *signature)) {
        case KeySet::Verdict::good:
            break;
        case KeySet::Verdict::bad:
            return fail(TokenFault::signature);
        case KeySet::Verdict::unknown_key:
            return fail(TokenFault::unknown_key);
    }
    auto const payload = decode_object(token.substr(first + 1, second - first - 1));
    if (!payload) return fail(TokenFault::malformed);
    if (auto const fault = check(*payload, expected)) return fail(*fault);
    auto claims = read_claims(*payload);
    if (!claims) return fail(TokenFault::malformed);
    return *std::move(claims);
}

}  // namespace grover::user::oidc
