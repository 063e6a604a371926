// The generic cell rate algorithm (ITU-T I.371 annex A, "virtual scheduling"): a token bucket whose
// whole state is one point in time, the "theoretical arrival time" at which the bucket is full
// again. Exact: no window to slip two bursts through, no background refill.
//
//     Gcra limits({.entries = 65'536});
//     auto const decision = limits.take("user:user_1", policy, now);
//
// Memory is fixed: 16 bytes per entry in sets of eight, made at the start. Keys are not kept, only
// their keyed 64-bit hash. An entry whose bucket is full again is as good as none and its place is
// reused. When all eight of a set are in use, the one nearest to full makes room and the set
// remembers its time: whatever key the set does not know starts as if it were that one (but never
// with less than an empty bucket). So a flood of keys never buys anybody a permit twice; it can
// make a stranger wait, at most for its first permit. evicted() counts that: give more entries
// then.
//
// Cost: a hash, an uncontended lock and one or two cache lines, about 50 ns. Thread-safe: 64 locks.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/sip_hash.hpp"
#include "resilience/rate_limiter.hpp"

namespace grover::resilience {

class Gcra {
public:
    struct Options {
        std::size_t entries = 65'536;  // keys that are not full; rounded up to a power of two
    };
    Gcra() : Gcra(Options{}) {}
    explicit Gcra(Options options);

    RateDecision take(std::string_view key, RatePolicy const& policy, TimePoint now,
                      std::uint64_t cost = 1);
    void give_back(std::string_view key, RatePolicy const& policy, TimePoint now,
                   std::uint64_t cost = 1);

    std::size_t entries() const noexcept { return set_count_ * ways; }
    /// Keys in use that had to make room, since the start.
    std::uint64_t evicted() const noexcept { return evicted_.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t ways = 8;
    static constexpr std::size_t locks = 64;

    struct Entry {
        std::uint64_t hash = 0;
        std::int64_t full_at = 0;  // ns on the steady clock; the past: free
    };
    struct Set {
        std::array<Entry, ways> entries;
        std::int64_t floor = 0;  // the latest full_at that was forgotten
    };

    Set& set_of(std::uint64_t hash) noexcept { return sets_[hash & (set_count_ - 1)]; }
    std::mutex& lock_of(std::uint64_t hash) noexcept { return locks_[hash % locks]; }
    Entry& entry_of(Set& set, std::uint64_t hash, std::int64_t now, std::int64_t full);

    SipHash hash_ = SipHash::with_random_key();
    std::size_t set_count_;
    std::unique_ptr<Set[]> sets_;
    std::array<std::mutex, locks> locks_;
    std::atomic<std::uint64_t> evicted_{0};
};

/// A Gcra as a RateLimiter: this process alone.
class LocalRateLimiter final : public RateLimiter {
public:
    explicit LocalRateLimiter(Gcra& gcra) : gcra_(gcra) {}
    net::Task<RateDecision> take(std::string_view key, RatePolicy const& policy, TimePoint now,
                                 std::uint64_t cost) override {
        co_return gcra_.take(key, policy, now, cost);
    }
    net::Task<> give_back(std::string_view key, RatePolicy const& policy, TimePoint now,
                          std::uint64_t cost) override {
        gcra_.give_back(key, policy, now, cost);
        co_return;
    }

private:
    Gcra& gcra_;
};

}  // namespace grover::resilience
