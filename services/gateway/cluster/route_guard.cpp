#include "gateway/cluster/route_guard.hpp"

#include <algorithm>

namespace grover::gateway {

RouteGuard::RouteGuard(BreakerSettings const& settings) : settings_(settings) {}

resilience::Duration RouteGuard::hedge_delay(HedgeSettings const& hedging,
                                             resilience::TimePoint now) noexcept {
    constexpr std::uint64_t calls_min = 100;
    constexpr std::int64_t period_ns = 1'000'000'000;
    auto looked = hedge_looked_.load(std::memory_order_relaxed);
    auto const at = resilience::ns_of(now);
    if (at - looked >= period_ns &&
        hedge_looked_.compare_exchange_strong(looked, at, std::memory_order_relaxed)) {
        auto const found = latencies.quantile(hedging.quantile.value, calls_min);
        auto const delay =
            found ? std::clamp<resilience::Duration>(*found, hedging.delay_min, hedging.delay_max)
                  : resilience::Duration(0);
        hedge_delay_.store(delay.count(), std::memory_order_relaxed);
    }
    return resilience::Duration(hedge_delay_.load(std::memory_order_relaxed));
}

resilience::CircuitBreaker& RouteGuard::make(std::size_t slot) {
    std::lock_guard const lock(mutex_);
    if (auto* known = breakers_[slot].load(std::memory_order_relaxed)) return *known;
    owned_.push_back(std::make_unique<resilience::CircuitBreaker>(
        resilience::BreakerOptions{.window = settings_.window,
                                   .min_calls = settings_.min_calls,
                                   .error_ratio = settings_.error_ratio.value,
                                   .slow_call = settings_.slow_call,
                                   .slow_ratio = settings_.slow_ratio.value,
                                   .open_time = settings_.open_time,
                                   .open_time_max = settings_.open_time_max,
                                   .probes = settings_.probes}));
    breakers_[slot].store(owned_.back().get(), std::memory_order_release);
    return *owned_.back();
}

}  // namespace grover::gateway
