// Limits on how often something may happen, by key: what the gateway asks before it lets a request
// through. The key is whatever is counted ("user:user_1/login", "ip:10.0.0.7"); one limiter serves
// all of them.
//
//     RatePolicy const policy{.permits = 100, .period = 1min, .burst = 20};
//     auto const decision = co_await limiter.take("ip:10.0.0.7", policy, Steady::now());
//     if (!decision.allowed)  // 429, Retry-After: decision.retry_after rounded up
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "net/task.hpp"
#include "resilience/time.hpp"

namespace grover::resilience {

/// `permits` per `period` in the long run, and `burst` at once after a quiet time. All must be
/// positive; `permits` per `period` at most ten million per second.
struct RatePolicy {
    std::uint64_t permits = 1;
    Duration period = std::chrono::seconds(1);
    std::uint64_t burst = 1;

    /// The time in which one permit comes back, rounded up: a limit errs on the strict side, by
    /// less than 1 ns per permit.
    Duration interval() const noexcept;
    /// In which an empty bucket is full again.
    Duration full() const noexcept { return interval() * static_cast<std::int64_t>(burst); }
};

struct RateDecision {
    bool allowed = true;
    std::uint64_t remaining = 0;  // that could be taken now
    Duration retry_after{};       // until this would be allowed; 0 when it was
    Duration reset_after{};       // until all of the burst is there again
};

/// In this process (Gcra) or shared by several. Thread-safe.
class RateLimiter {
public:
    virtual ~RateLimiter() = default;

    /// Takes `cost` permits or none; a cost of 0 only looks. `key` and `policy` must live until the
    /// result is there.
    virtual net::Task<RateDecision> take(std::string_view key, RatePolicy const& policy,
                                         TimePoint now, std::uint64_t cost = 1) = 0;
    /// Returns permits that were taken: another limit refused what they were for.
    virtual net::Task<> give_back(std::string_view key, RatePolicy const& policy, TimePoint now,
                                  std::uint64_t cost = 1) = 0;
};

}  // namespace grover::resilience
