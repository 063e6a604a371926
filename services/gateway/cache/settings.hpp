// The settings of the shared cache: the section `cache` of the gateway, and `cache` of a route.
//
//     cache: {memory: 128MiB}
//     routes:
//       - path: /api/posts/public/**
//         service: post
//         cache: {stale_while_revalidate: 10s, query: [limit, cursor]}
//
// A route without `cache` is never looked up and never stored.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "gateway/cache/purge_rules.hpp"
#include "gateway/config/values.hpp"

namespace grover::gateway::cache {

using namespace std::chrono_literals;
using namespace config::literals;

/// Of the whole process.
struct Settings {
    config::Bytes memory = 64_MiB;     // bodies, fields and what is needed to find them
    config::Bytes object_max = 1_MiB;  // a larger answer is passed on and not kept
    int variants_max = 16;             // of one URL, by Vary
    /// Fields that speak to this cache before Cache-Control and Expires, the first present one
    /// counts (RFC 9213). "Surrogate-Control" is read by the rules of its own.
    std::vector<std::string> targeted{"CDN-Cache-Control", "Surrogate-Control"};
    PurgeRules purge{};  // by events of the services
};
BOOST_DESCRIBE_STRUCT(Settings, (), (memory, object_max, variants_max, targeted, purge))

/// Of one route.
struct RouteSettings {
    /// Query parameters that belong to the key; others are neither keyed nor passed on. None: all.
    std::vector<std::string> query{};
    /// Request fields that reach the service; what is not here cannot poison an answer. "*": all.
    /// An answer's Vary always counts.
    std::vector<std::string> fields{"Accept", "Accept-Language", "Authorization"};
    /// How long an answer is good that does not say: nothing for 0, but a tenth of its age when
    /// there is a Last-Modified, at most a day (RFC 9111 section 4.2.2).
    std::chrono::seconds fresh = 0s;
    /// The same for 404, 405, 410, 414 and 501.
    std::chrono::seconds negative = 0s;
    /// Where the answer does not say: how long after its end it is sent while a new one is fetched,
    /// and when the service fails.
    std::chrono::seconds stale_while_revalidate = 0s;
    std::chrono::seconds stale_if_error = 60s;
    /// How long a request waits for another's fetch of the same URL before it asks itself.
    std::chrono::milliseconds collapse = 5s;
    /// Cache-Control of requests can pass by the cache (no-cache, max-age=0).
    bool obey_requests = true;
    /// Answers with Set-Cookie are kept like others. Off: they are never kept.
    bool keep_cookies = false;
};
BOOST_DESCRIBE_STRUCT(RouteSettings, (),
                      (query, fields, fresh, negative, stale_while_revalidate, stale_if_error,
                       collapse, obey_requests, keep_cookies))

void validate(Settings const& settings, config::Where const& where);
void validate(RouteSettings const& route, config::Where const& where);

}  // namespace grover::gateway::cache
