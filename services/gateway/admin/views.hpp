// What the admin API shows and takes, as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "auth/caller.hpp"
#include "base/clock.hpp"

namespace grover::gateway::admin {

struct ConfigurationView {
    std::uint64_t version = 0;
    std::string file;
    Timestamp since;
};
BOOST_DESCRIBE_STRUCT(ConfigurationView, (), (version, file, since))

struct RouteView {
    std::string name;
    std::string path;
    std::vector<std::string> methods;  // none: all
    std::string host;
    std::string service;             // empty: composed, or answered here
    std::vector<std::string> parts;  // of a composition: "user /api/users/{user_id}"
    std::vector<std::string> limits;
    bool login = false;
    std::vector<auth::Role> roles;
    std::vector<std::string> scopes;
    bool shadow = false;
    int line = 0;  // in the file
};
BOOST_DESCRIBE_STRUCT(RouteView, (),
                      (name, path, methods, host, service, parts, limits, login, roles, scopes,
                       shadow, line))

struct InstanceView {
    std::string service;
    std::string instance;    // where it is
    std::string configured;  // as the configuration names it
    double weight = 1;
    bool up = true;        // what the health checks say
    bool ejected = false;  // what its answers say
    std::uint64_t in_flight = 0;
    double latency_ms = 0;  // a moving average that follows peaks at once
    std::uint64_t tries = 0;
    std::uint64_t failures = 0;
};
BOOST_DESCRIBE_STRUCT(InstanceView, (),
                      (service, instance, configured, weight, up, ejected, in_flight, latency_ms,
                       tries, failures))

struct CacheView {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_max = 0;
    std::uint64_t evicted = 0;
    std::uint64_t purged = 0;
};
BOOST_DESCRIBE_STRUCT(CacheView, (), (keys, bytes, bytes_max, evicted, purged))

struct PurgeView {
    std::uint64_t purged = 0;  // URLs
};
BOOST_DESCRIBE_STRUCT(PurgeView, (), (purged))

/// How much is asked of a service at a time.
struct ServiceView {
    std::string service;
    std::uint64_t in_flight = 0;
    std::uint64_t limit = 0;  // of in_flight, as adapted; 0: none
    std::uint64_t retries = 0;
    std::uint64_t retries_denied = 0;  // for want of budget
    std::uint64_t hedges = 0;
    std::uint64_t hedges_won = 0;
    std::uint64_t shed = 0;
    std::uint64_t refused_by_breaker = 0;
};
BOOST_DESCRIBE_STRUCT(ServiceView, (),
                      (service, in_flight, limit, retries, retries_denied, hedges, hedges_won, shed,
                       refused_by_breaker))

enum class BreakerState { closed, half_open, open };
BOOST_DESCRIBE_ENUM(BreakerState, closed, half_open, open)
enum class BreakerForce { none, open, closed };
BOOST_DESCRIBE_ENUM(BreakerForce, none, open, closed)

/// That of one route at one instance.
struct BreakerView {
    std::string service;
    std::string route;
    std::string instance;
    BreakerState state = BreakerState::closed;
    BreakerForce forced = BreakerForce::none;
    std::uint64_t trips = 0;
    std::uint64_t calls = 0;  // in its window
    std::uint64_t errors = 0;
    std::uint64_t slow = 0;
};
BOOST_DESCRIBE_STRUCT(BreakerView, (),
                      (service, route, instance, state, forced, trips, calls, errors, slow))

struct ForceView {
    BreakerForce force = BreakerForce::none;
};
BOOST_DESCRIBE_STRUCT(ForceView, (), (force))

struct LimitView {
    std::string name;
    std::vector<std::string> by;
    std::uint64_t quota = 0;
    std::uint64_t window_ms = 0;
    std::uint64_t burst = 0;
    std::uint64_t refused = 0;
};
BOOST_DESCRIBE_STRUCT(LimitView, (), (name, by, quota, window_ms, burst, refused))

struct LimitsView {
    bool enabled = false;
    std::vector<LimitView> limits;
    std::vector<std::string> exempt;
    std::uint64_t entries = 0;  // places for clients
    std::uint64_t evicted = 0;  // clients that had to make room for others
};
BOOST_DESCRIBE_STRUCT(LimitsView, (), (enabled, limits, exempt, entries, evicted))

/// Where one client stands.
struct StandingView {
    std::string limit;
    std::uint64_t remaining = 0;
    std::uint64_t reset_after_ms = 0;
};
BOOST_DESCRIBE_STRUCT(StandingView, (), (limit, remaining, reset_after_ms))

enum class LogLevel { debug, info, warn, error, off };
BOOST_DESCRIBE_ENUM(LogLevel, debug, info, warn, error, off)

struct LogLevelView {
    LogLevel level = LogLevel::info;
};
BOOST_DESCRIBE_STRUCT(LogLevelView, (), (level))

}  // namespace grover::gateway::admin
