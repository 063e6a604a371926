// The sections `routes` and `versions` of the configuration.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "gateway/cache/settings.hpp"
#include "gateway/cluster/settings.hpp"
#include "gateway/compose/settings.hpp"
#include "gateway/compression.hpp"
#include "gateway/config/reader.hpp"
#include "gateway/stages/settings.hpp"
#include "gateway/transform/settings.hpp"

namespace grover::gateway {

enum class Method { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS };
BOOST_DESCRIBE_ENUM(Method, GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS)

/// When a route or a version goes, and what replaces it (RFC 9745, RFC 8594).
struct LifecycleSettings {
    std::optional<Timestamp> deprecated;
    std::optional<Timestamp> sunset;
    std::string link;       // what to read about it
    std::string successor;  // what to use instead
    /// 410 from the sunset on; else it goes on answering.
    bool gone_after_sunset = false;
};
BOOST_DESCRIBE_STRUCT(LifecycleSettings, (),
                      (deprecated, sunset, link, successor, gone_after_sunset))

/// What a connection may become where a route says so (RFC 9110 section 7.8).
enum class Upgrade { websocket };
BOOST_DESCRIBE_ENUM(Upgrade, websocket)

/// Which requests a route takes, and which service answers them.
struct RouteSettings : ResilienceSettings {
    /// In logs, metrics and the admin API; unset: the path.
    std::string name;
    /// "/api/users/{user_id}/posts": a segment in braces stands for any one segment. "/**" at the
    /// end: this path and everything below it.
    std::string path;
    /// None: all. GET includes HEAD.
    std::vector<Method> methods;
    /// "api.example.com", or "*.example.com" for every name below it; empty: any.
    std::string host;
    /// Fields and query parameters that the request must have; "*" stands for any value.
    std::map<std::string, std::string> headers;
    std::map<std::string, std::string> query;
    /// Who answers; or `compose`, or `answer`.
    std::string service;
    /// Other services that take a share of it: {post-next: 5%}. A user, or an address for want of
    /// one, stays with the service it got.
    std::map<std::string, config::Ratio> canary;
    /// Limits that count here beside those of everywhere.
    std::vector<std::string> limits;
    AccessSettings access;
    LifecycleSettings lifecycle{};
    RequestChanges request{};
    ResponseChanges response{};
    PartsSettings compose{};
    std::optional<StaticAnswer> answer{};
    /// Answers are kept and used again; unset: never.
    std::optional<cache::RouteSettings> cache{};
    /// Unset: as everywhere. With no codings: never, for answers that hold secrets.
    std::optional<CompressionSettings> compression{};
    /// None: who asks for another protocol is refused.
    std::vector<Upgrade> upgrade{};

    int line = 0;  // in the file
};
BOOST_DESCRIBE_STRUCT(RouteSettings, (ResilienceSettings),
                      (name, path, methods, host, headers, query, service, canary, limits, access,
                       lifecycle, request, response, compose, answer, cache, compression, upgrade))

/// Another spelling of the same API: "/api/v1" for "/api".
struct VersionSettings {
    std::string path;
    std::string means;
    LifecycleSettings lifecycle{};
};
BOOST_DESCRIBE_STRUCT(VersionSettings, (), (path, means, lifecycle))

void validate(LifecycleSettings const& lifecycle, config::Where const& where);
void validate(RouteSettings const& route, config::Where const& where);
void validate(VersionSettings const& version, config::Where const& where);

}  // namespace grover::gateway
