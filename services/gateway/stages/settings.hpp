// The sections of the configuration that the stages of a request read: clients, cors, rate_limits,
// authorization.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "auth/caller.hpp"
#include "gateway/config/reader.hpp"

namespace grover::gateway {

/// Who is believed to say for whom it speaks.
struct ClientSettings {
    /// Addresses and ranges whose X-Forwarded-For counts: "10.0.0.0/8", "unix".
    std::vector<std::string> trusted_proxies;
};
BOOST_DESCRIBE_STRUCT(ClientSettings, (), (trusted_proxies))

/// Which web pages may call the API from a browser (the Fetch standard's CORS protocol).
struct CorsSettings {
    /// "https://app.example", "https://*.app.example"; none: the gateway leaves CORS to the
    /// services. "*" only without credentials.
    std::vector<std::string> origins;
    std::vector<std::string> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    std::vector<std::string> headers{"Authorization", "Content-Type",  "Idempotency-Key",
                                     "If-Match",      "If-None-Match", "X-Request-ID"};
    std::vector<std::string> expose{"ETag",        "Link",      "Location",
                                    "Retry-After", "RateLimit", "RateLimit-Policy",
                                    "Deprecation", "Sunset",    "Idempotent-Replayed",
                                    "X-Request-ID"};
    bool credentials = true;
    std::chrono::seconds max_age = std::chrono::minutes(10);
};
BOOST_DESCRIBE_STRUCT(CorsSettings, (), (origins, methods, headers, expose, credentials, max_age))

/// What a limit counts by. Several together: each pair (triple) has a count of its own.
enum class LimitKey { ip, user, api_key, route };
BOOST_DESCRIBE_ENUM(LimitKey, ip, user, api_key, route)

/// `quota` requests per `window` in the long run, `burst` at once after a quiet time. Requests that
/// lack a key (no user, no API key) are not counted.
struct LimitSettings {
    std::vector<LimitKey> by;
    std::uint64_t quota = 0;
    std::chrono::milliseconds window = std::chrono::minutes(1);
    std::uint64_t burst = 0;  // 0: the quota
};
BOOST_DESCRIBE_STRUCT(LimitSettings, (), (by, quota, window, burst))

struct RateLimitSettings {
    bool enabled = true;
    std::map<std::string, LimitSettings> limits;
    /// These count on every route, beside those that a route names.
    std::vector<std::string> everywhere;
    /// Addresses and ranges that nothing is counted for: "unix", "10.1.0.0/16".
    std::vector<std::string> exempt;
    /// The field that carries an API key.
    std::string api_key_header = "X-API-Key";
};
BOOST_DESCRIBE_STRUCT(RateLimitSettings, (), (enabled, limits, everywhere, exempt, api_key_header))

struct AuthorizationSettings {
    /// What a role may do: scopes by role. "*" is every scope.
    std::map<auth::Role, std::vector<std::string>> roles;
    /// Refuses nothing, and logs what it would refuse.
    bool shadow = false;
};
BOOST_DESCRIBE_STRUCT(AuthorizationSettings, (), (roles, shadow))

/// Who may use a route. Nothing said: everybody, and the service decides.
struct AccessSettings {
    bool login = false;
    std::vector<auth::Role> roles{};    // one of them
    std::vector<std::string> scopes{};  // all of them
    bool shadow = false;                // for this route alone
};
BOOST_DESCRIBE_STRUCT(AccessSettings, (), (login, roles, scopes, shadow))

void validate(ClientSettings const& clients, config::Where const& where);
void validate(CorsSettings const& cors, config::Where const& where);
void validate(LimitSettings const& limit, config::Where const& where);
void validate(RateLimitSettings const& limits, config::Where const& where);
void validate(AuthorizationSettings const& authorization, config::Where const& where);

}  // namespace grover::gateway

namespace grover::gateway::config {

/// A map by the names of an enum.
template <reflect::DescribedEnum E, class T>
struct Reader<std::map<E, T>> {
    static void read(Node const& node, std::map<E, T>& out, Problems& problems) {
        if (node.kind != Node::Kind::map) return detail::wrong_kind(node, "a map", problems);
        out.clear();
        for (auto const& [name, line, value] : node.members) {
            Node key;
            key.kind = Node::Kind::scalar;
            key.line = line;
            key.text = name;
            E which{};
            Reader<E>::read(key, which, problems);
            read_into(value, out[which], problems);
        }
    }
};

}  // namespace grover::gateway::config
