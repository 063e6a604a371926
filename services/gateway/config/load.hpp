// Where the configuration comes from: the file, then the environment over it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/config.hpp"
#include "gateway/config/config.hpp"

namespace grover::gateway {

/// gateway.yaml as it was shipped: ../share/gateway beside the program.
std::string default_config_file();

/// A file as it was when it was read.
struct Source {
    std::string file;
    std::string text;
    /// Throws ConfigError when the file cannot be read.
    static Source of(std::string file);
};

/// What the environment says over any file (contract section 8).
struct Overrides {
    std::map<std::string, std::vector<std::string>> instances;  // USER_SERVICE_URL and its kin
    std::vector<std::string> origins;                           // ALLOWED_ORIGINS
    std::optional<Protocol> protocol;                           // UPSTREAM_PROTOCOL
    bool rate_limits = true;                                    // RATE_LIMIT=off

    /// Reads the variables of the services that `config` has.
    static Overrides read(Environment& env, Config const& config);
    void apply(Config& config) const;
};

/// Throws ConfigError that names every problem with its line: "gateway.yaml:12: ...".
Config parse_config(Source const& source);

}  // namespace grover::gateway
