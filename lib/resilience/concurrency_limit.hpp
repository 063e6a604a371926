// How many calls a service is given at a time, found out from how long they take: the queue is kept
// where it can be seen and refused, not inside the service, where it only makes everything late. By
// priority: as it fills, the least important is refused first.
//
//     if (!limit.enter(Priority::read)) ...                 // 503, Retry-After
//     ...
//     limit.leave(now, took);                               // or leave(): the time says nothing
//
// The gradient of Netflix's concurrency-limits and of Envoy's adaptive concurrency filter, against
// a baseline as in TCP Vegas (Brakmo and Peterson, 1995): every 100 ms the median latency is
// compared with the lowest median of the last half minute. Up to `tolerance` times that the limit
// may grow by its square root when it was used, above it shrinks in proportion. A service that is
// saturated therefore settles at about `tolerance` times the calls that it really works on. What
// takes less than `unnoticed` is no queue: at such times the median says more about the machine's
// scheduler. Whatever is measured, the limit stays between min and max: below min nothing is ever
// refused.
//
// A baseline that was measured in a queue would let the limit creep up. So, every five seconds in
// which the limit was reached, a quarter of it is given for 100 ms: long enough to see the latency
// without the queue, too short to cost throughput (a quarter of twice the need, for 2 % of the
// time).
//
// Cost: two atomic additions to enter and leave and one to count; the arithmetic ten times a
// second. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <optional>

#include "resilience/latency.hpp"

namespace grover::resilience {

/// In the order in which they are kept.
enum class Priority : std::uint8_t { critical, write, read, explore };
inline constexpr std::size_t priorities = 4;

struct ConcurrencyOptions {
    std::uint32_t min = 20;
    std::uint32_t max = 1000;
    std::uint32_t initial = 100;
    double tolerance = 2;
    Duration unnoticed = std::chrono::milliseconds(10);
    /// The share of the limit up to which each priority is let in.
    std::array<double, priorities> shares{1, 0.9, 0.8, 0.6};
};

class ConcurrencyLimit {
public:
    explicit ConcurrencyLimit(ConcurrencyOptions const& options = {}) noexcept;

    bool enter(Priority priority) noexcept {
        auto const before = in_flight_.fetch_add(1, std::memory_order_relaxed);
        auto const room =
            rooms_[static_cast<std::size_t>(priority)].load(std::memory_order_relaxed);
        if (before >= room) return refuse(priority);
        if (before > peak_.load(std::memory_order_relaxed))
            peak_.store(before, std::memory_order_relaxed);
        return true;
    }
    void leave() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
    void leave(TimePoint now, Duration took) noexcept;

    std::uint32_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }
    std::uint32_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
    std::uint64_t refused(Priority priority) const noexcept {
        return refused_[static_cast<std::size_t>(priority)].load(std::memory_order_relaxed);
    }

private:
    bool refuse(Priority priority) noexcept;
    void update(TimePoint now) noexcept;
    void set_limit(double limit) noexcept;
    double baseline(TimePoint now, double median) noexcept;

    ConcurrencyOptions const options_;
    std::atomic<std::uint32_t> in_flight_{0};
    std::atomic<std::uint32_t> limit_;
    std::array<std::atomic<std::uint32_t>, priorities> rooms_;
    std::array<std::atomic<std::uint64_t>, priorities> refused_{};
    std::atomic<std::uint32_t> peak_{0};     // in flight, in this window
    std::atomic<std::uint32_t> samples_{0};  // in this window
    std::atomic<std::int64_t> window_end_{0};
    std::atomic<bool> full_{false};  // somebody was refused in this window
    LatencyDigest digest_{std::chrono::hours(24)};

    std::mutex mutex_;  // for what follows: one thread at a time closes a window
    double exact_;      // the limit, before rounding
    struct Lowest {
        std::int64_t turn = -1;
        double median = 0;
    };
    std::array<Lowest, 6> lowest_;     // by five seconds
    std::int64_t probed_ = 0;          // the turn of the last look without the queue
    std::optional<double> set_aside_;  // the limit, while looking
};

}  // namespace grover::resilience
