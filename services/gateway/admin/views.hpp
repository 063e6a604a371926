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
    std::string instance;
};
BOOST_DESCRIBE_STRUCT(InstanceView, (), (service, instance))

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
