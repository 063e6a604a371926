// How many tries beyond the first a service may be asked for: a share of the first tries, and a few
// per second for services that are asked rarely. Retries and hedges take from the same budget, so
// an outage cannot double the load that caused it. After Finagle's RetryBudget (twitter/finagle,
// "Retry budgets") with a bound that a test can count:
//
//     retries <= ratio x first tries + min_per_second x (seconds + 1)
//
//     budget.deposit();                       // a request comes
//     if (budget.withdraw(now)) ...           // and may be tried once more
//
// Thread-safe: two atomics, O(1), no lock. Time is passed in.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "resilience/time.hpp"

namespace grover::resilience {

class RetryBudget {
public:
    struct Options {
        double ratio = 0.2;  // 0: none but the floor
        double min_per_second = 10;
        double saved_max = 100;  // tries that quiet times may save up
    };
    RetryBudget() : RetryBudget(Options{}) {}
    explicit RetryBudget(Options options) { set(options); }

    /// New options; what is saved stays.
    void set(Options options) noexcept {
        share_.store(parts(options.ratio), std::memory_order_relaxed);
        saved_max_.store(parts(options.saved_max), std::memory_order_relaxed);
        interval_.store(options.min_per_second > 0
                            ? static_cast<std::int64_t>(1e9 / options.min_per_second)
                            : 0,
                        std::memory_order_relaxed);
    }

    /// A first try.
    void deposit() noexcept {
        if (saved_.load(std::memory_order_relaxed) < saved_max_.load(std::memory_order_relaxed))
            saved_.fetch_add(share_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }

    /// One more try; false when the budget is spent.
    bool withdraw(TimePoint now) noexcept {
        auto saved = saved_.load(std::memory_order_relaxed);
        while (saved >= whole)
            if (saved_.compare_exchange_weak(saved, saved - whole, std::memory_order_relaxed))
                return true;
        return withdraw_floor(now);
    }
    /// A try that was withdrawn and not made.
    void put_back() noexcept { saved_.fetch_add(whole, std::memory_order_relaxed); }

    /// Tries that are saved up, without the floor.
    double saved() const noexcept {
        return static_cast<double>(saved_.load(std::memory_order_relaxed)) / whole;
    }

private:
    static constexpr std::int64_t whole = 1'000'000;
    static std::int64_t parts(double tries) noexcept {
        return static_cast<std::int64_t>(std::clamp(tries, 0.0, 1e6) * whole);
    }

    /// One second's worth at once, as a rate limit would: see gcra.hpp.
    bool withdraw_floor(TimePoint now) noexcept {
        auto const interval = interval_.load(std::memory_order_relaxed);
        if (interval == 0) return false;
        auto const at = ns_of(now);
        auto full_at = floor_full_at_.load(std::memory_order_relaxed);
        for (;;) {
            auto const next = std::max(full_at, at) + interval;
            if (next - at > std::max<std::int64_t>(1'000'000'000, interval)) return false;
            if (floor_full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed))
                return true;
        }
    }

    std::atomic<std::int64_t> share_{0};
    std::atomic<std::int64_t> saved_max_{0};
    std::atomic<std::int64_t> interval_{0};
    std::atomic<std::int64_t> saved_{0};
    std::atomic<std::int64_t> floor_full_at_{0};
};

}  // namespace grover::resilience
