// Settings from the environment (12-factor), typed and checked at start.
//
//     Environment env = Environment::of_process();
//     auto port = env.port("PORT", 8001, "where the service listens");
//     auto key  = env.secret("IDENTITY_KEY", "signs the caller's identity between services");
//     env.check();          // throws ConfigError: one line that names every bad variable
//
// Every variable read is remembered, so --print-config shows exactly what the program looks at,
// secrets masked.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace grover {

/// The start cannot go on; what() is the one line for the operator.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Environment {
public:
    explicit Environment(std::map<std::string, std::string> variables);
    static Environment of_process();

    std::string text(std::string name, std::string fallback, std::string purpose);
    /// Nothing when the variable is unset or empty.
    std::optional<std::string> optional_text(std::string name, std::string purpose);
    std::uint16_t port(std::string name, std::uint16_t fallback, std::string purpose);
    std::int64_t integer(std::string name, std::int64_t fallback, std::int64_t min,
                         std::int64_t max, std::string purpose);
    /// "on"/"off", "true"/"false", "1"/"0", "yes"/"no".
    bool flag(std::string name, bool fallback, std::string purpose);
    std::string one_of(std::string name, std::vector<std::string> allowed, std::string fallback,
                       std::string purpose);
    /// http://host[:port], https://..., or unix:/path. The fallback is taken as it is.
    std::string url(std::string name, std::string fallback, std::string purpose);
    std::optional<std::string> optional_url(std::string name, std::string purpose);
    /// Comma-separated, blanks trimmed, empty parts dropped.
    std::vector<std::string> list(std::string name, std::string fallback, std::string purpose);
    /// From NAME, or else from the file that NAME_FILE names (trailing newline cut). Empty when
    /// neither is set.
    Secret secret(std::string name, std::string purpose);

    /// Records a problem found by the caller: "DATA_DIR: ...".
    void problem(std::string name, std::string what);
    /// Throws ConfigError when anything was wrong.
    void check() const;
    /// One "NAME=value  # purpose" line per variable read, as it was set even where that makes no
    /// sense; secrets show as "***" or "(unset)", and so does what is no URL: it may hold one.
    std::string print() const;

private:
    struct Entry {
        std::string shown;
        std::string purpose;
    };
    std::optional<std::string> take(std::string const& name);
    /// What the file holds that the variable `name` names.
    std::optional<std::string> secret_in(std::string const& file, std::string name);
    void remember(std::string name, std::string shown, std::string purpose);

    std::map<std::string, std::string> variables_;
    std::map<std::string, Entry> read_;
    std::vector<std::string> problems_;
};

}  // namespace grover
