// What is remembered of one route at one service, by all loops and over reloads: a breaker per
// instance, and how long its answers take.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/cluster/settings.hpp"
#include "resilience/balancer.hpp"
#include "resilience/circuit_breaker.hpp"
#include "resilience/latency.hpp"

namespace grover::gateway {

class RouteGuard {
public:
    explicit RouteGuard(BreakerSettings const& settings);

    /// Made when first asked for. Thread-safe; a load when it is there.
    resilience::CircuitBreaker& breaker(std::size_t slot) {
        if (auto* known = breakers_[slot].load(std::memory_order_acquire)) return *known;
        return make(slot);
    }
    /// Null when no request has gone there.
    resilience::CircuitBreaker* known_breaker(std::size_t slot) const noexcept {
        return breakers_[slot].load(std::memory_order_acquire);
    }
    bool enabled() const noexcept { return settings_.enabled; }
    BreakerSettings const& settings() const noexcept { return settings_; }

    /// From the request to the head of a good answer.
    resilience::LatencyDigest latencies;
    /// After which a request of this route is hedged: looked up in the latencies once a second; 0
    /// while they are too few to tell.
    resilience::Duration hedge_delay(HedgeSettings const& hedging,
                                     resilience::TimePoint now) noexcept;

private:
    resilience::CircuitBreaker& make(std::size_t slot);

    BreakerSettings const settings_;
    std::array<std::atomic<resilience::CircuitBreaker*>, resilience::Balancer::members_max>
        breakers_{};
    std::atomic<std::int64_t> hedge_delay_{0};
    std::atomic<std::int64_t> hedge_looked_{0};
    std::mutex mutex_;
    std::vector<std::unique_ptr<resilience::CircuitBreaker>> owned_;
};

}  // namespace grover::gateway
