// Limits on how often a client may ask: GCRA per address, user, API key and route. Every answer of
// a limited route says where its client stands (draft-ietf-httpapi-ratelimit-headers-10):
//
//     RateLimit-Policy: "address";q=3000;w=60, "user";q=600;w=60
//     RateLimit: "user";r=12;t=5
//
// RateLimit-Policy names every limit that counted this request, RateLimit the one that is nearest:
// r requests may be made now, and after t seconds all of the burst is there again. A refused
// request is 429 with Retry-After: the seconds until it would be let through, rounded up, which is
// its t too. It is counted nowhere: what other limits had taken for it is given back.
//
// Counting is in this process (resilience::Gcra). A limiter that several processes share is a
// resilience::RateLimiter, and would be asked where Gcra::take is called below. Cost: 50 ns a
// limit.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/stages/settings.hpp"
#include "http/exchange.hpp"
#include "resilience/gcra.hpp"
#include "telemetry/metrics.hpp"

namespace grover::gateway {

/// One limit, compiled.
struct Limit {
    std::string name;
    resilience::RatePolicy policy;
    std::vector<LimitKey> by;
    std::string item;  // of RateLimit-Policy
    telemetry::Counter* refused = nullptr;

    Limit(std::string called, LimitSettings const& settings, telemetry::Metrics& metrics);
    bool counts_by(LimitKey key) const noexcept;
};

/// Who is counted.
struct Counted {
    std::string_view address;
    std::string_view user;     // empty: not signed in
    std::string_view api_key;  // empty: none
    std::string_view route;
};

/// The text under which a limit counts `who`; empty when something of it is missing.
std::string key_of(Limit const& limit, Counted const& who);

/// What one request has taken so far, for the answer's fields and for giving it back.
class Taken {
public:
    static constexpr std::size_t limits_max = 16;

    explicit Taken(resilience::Gcra& gcra) : gcra_(gcra) {}
    /// Takes one permit of each. Throws Error (rate_limited) when one has none left; the answer's
    /// fields are set then.
    void take(std::vector<Limit const*> const& limits, Counted const& who,
              http::Exchange& exchange);
    /// Adds the fields to the answer, the first time.
    void report(http::Exchange& exchange);
    bool anything() const noexcept { return !policies_.empty(); }

private:
    struct Key {
        Limit const* limit;
        std::string text;
    };
    resilience::Gcra& gcra_;
    std::vector<Key> taken_;
    std::string policies_;
    bool reported_ = false;
    Limit const* nearest_ = nullptr;
    resilience::RateDecision nearest_decision_;
};

}  // namespace grover::gateway
