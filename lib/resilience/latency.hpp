// How long calls take, without keeping them: PeakEwma, one number that balancing compares, and
// LatencyDigest, from which quantiles are read (a hedge's delay, a limit's gradient).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

#include "resilience/time.hpp"

namespace grover::resilience {

/// A moving average that follows a slower call at once and forgets it exponentially, whether it is
/// fed or not (Finagle's and Linkerd's "peak EWMA"). Thread-safe: updates that meet may lose one of
/// them. O(1), no lock.
class PeakEwma {
public:
    explicit PeakEwma(Duration decay = std::chrono::seconds(10)) noexcept
        : decay_(static_cast<double>(decay.count())) {}

    void add(TimePoint now, Duration took) noexcept {
        auto const sample = static_cast<double>(took.count());
        auto const known = value_.load(std::memory_order_relaxed);
        if (sample >= known) {
            value_.store(sample, std::memory_order_relaxed);
        } else {
            auto const weight = std::exp(-age(now) / decay_);
            value_.store(known * weight + sample * (1 - weight), std::memory_order_relaxed);
        }
        at_.store(ns_of(now), std::memory_order_relaxed);
    }

    /// A call that was not waited for to its end: how long it would have taken is not known.
    void add_at_least(TimePoint now, Duration took) noexcept {
        if (static_cast<double>(took.count()) > value(now)) add(now, took);
    }

    /// A call that failed: who fails fast must not look fast. Counts as three times what is known,
    /// up to failure_max, or what it took if that is more.
    void add_failure(TimePoint now, Duration took) noexcept {
        auto const known = std::min(value(now) * 3, static_cast<double>(failure_max.count()));
        add(now, std::max({took, Duration(static_cast<std::int64_t>(known)), failure_min}));
    }
    static constexpr Duration failure_min = std::chrono::milliseconds(1);
    static constexpr Duration failure_max = std::chrono::seconds(1);

    /// In ns; 0 when nothing was ever added.
    double value(TimePoint now) const noexcept {
        auto const known = value_.load(std::memory_order_relaxed);
        // Below a tenth of the decay time it would be 10 % at most: not worth an exp().
        auto const idle = age(now);
        return idle * 10 < decay_ ? known : known * std::exp(-idle / decay_);
    }
    void clear() noexcept { value_.store(0, std::memory_order_relaxed); }

private:
    double age(TimePoint now) const noexcept {
        return static_cast<double>(
            std::max<std::int64_t>(ns_of(now) - at_.load(std::memory_order_relaxed), 0));
    }

    double decay_;
    std::atomic<double> value_{0};
    std::atomic<std::int64_t> at_{0};
};

/// Counts in buckets whose bounds grow by 1/8 of a power of two: a quantile is off by 12 % at the
/// most. Two halves in turn, so that it speaks of the last one to two periods. Thread-safe, one
/// atomic addition per call; reading is O(buckets).
class LatencyDigest {
public:
    explicit LatencyDigest(Duration period = std::chrono::seconds(10)) noexcept
        : period_(period.count()) {}

    void add(TimePoint now, Duration took) noexcept {
        auto const turn = ns_of(now) / period_;
        auto seen = turn_.load(std::memory_order_relaxed);
        if (seen < turn && turn_.compare_exchange_strong(seen, turn, std::memory_order_relaxed)) {
            half(turn).clear();
            if (turn - seen > 1) half(turn + 1).clear();
        }
        half(turn).counts[bucket_of(took)].fetch_add(1, std::memory_order_relaxed);
    }

    /// The upper bound of the bucket in which the quantile lies; nothing below `min_calls` calls.
    std::optional<Duration> quantile(double q, std::uint64_t min_calls = 1) const noexcept {
        std::array<std::uint64_t, buckets> sums{};
        std::uint64_t all = 0;
        for (auto const& one : halves_)
            for (std::size_t i = 0; i < buckets; ++i) {
                auto const count = one.counts[i].load(std::memory_order_relaxed);
                sums[i] += count;
                all += count;
            }
        if (all == 0 || all < min_calls) return {};
        auto const rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(all)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets; ++i)
            if (seen += sums[i]; seen >= std::max<std::uint64_t>(rank, 1)) return bound_of(i);
        return bound_of(buckets - 1);
    }

    void clear() noexcept {
        for (auto& one : halves_) one.clear();
    }

    /// Buckets: by their upper bounds, from 1 us to 64 s.
    static std::size_t bucket_of(Duration took) noexcept {
        auto const us = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count() / 1000, 1));
        auto const power = static_cast<std::size_t>(std::bit_width(us) - 1);
        auto const fraction = power >= 3 ? us >> (power - 3) : us << (3 - power);
        return std::min(power * 8 + static_cast<std::size_t>(fraction & 7), buckets - 1);
    }
    static Duration bound_of(std::size_t bucket) noexcept {
        auto const eighths = static_cast<std::int64_t>(bucket % 8 + 9);
        return Duration((eighths * 1000 << bucket / 8) / 8);
    }

private:
    static constexpr std::size_t buckets = 26 * 8;
    struct Half {
        std::array<std::atomic<std::uint32_t>, buckets> counts{};
        void clear() noexcept {
            for (auto& count : counts) count.store(0, std::memory_order_relaxed);
        }
    };
    Half& half(std::int64_t turn) noexcept { return halves_[static_cast<std::size_t>(turn & 1)]; }

    std::int64_t period_;
    std::atomic<std::int64_t> turn_{0};
    std::array<Half, 2> halves_;
};

}  // namespace grover::resilience
