// The CORS protocol (Fetch standard, section 3.3) by allow-list: preflights are answered here, and
// every answer to an allowed page says so, problems included.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/stages/settings.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

class Cors {
public:
    explicit Cors(CorsSettings const& settings);

    /// No origin is allowed: the services' own business.
    bool off() const noexcept { return origins_.empty(); }
    bool allows(std::string_view origin) const noexcept;

    /// Whether a browser asks if it may ask.
    static bool is_preflight(http::RequestHead const& head) noexcept;
    /// Answers a preflight; throws Error (forbidden) for a page that is not allowed.
    net::Task<> answer_preflight(http::Exchange& exchange) const;
    /// Adds what the answer to a page must have. What a service says of CORS does not go out.
    void mark(http::Exchange& exchange) const;

private:
    void allow(http::Exchange& exchange, std::string_view origin) const;

    std::vector<std::string> origins_;  // lower case
    bool any_ = false;
    bool credentials_;
    std::string methods_;
    std::string headers_;
    std::string expose_;
    std::string max_age_;
};

}  // namespace grover::gateway
