#include "resilience/gcra.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace grover::resilience {
namespace {

/// `a` times `b`, both not negative; no wrap-around, whatever a configuration or a cost says.
std::int64_t product(std::int64_t a, std::uint64_t b) noexcept {
    constexpr auto most = std::numeric_limits<std::int64_t>::max() / 4;
    std::int64_t out = 0;
    if (b > static_cast<std::uint64_t>(most) ||
        __builtin_mul_overflow(a, static_cast<std::int64_t>(b), &out))
        return most;
    return std::min(out, most);
}

}  // namespace

Duration RatePolicy::interval() const noexcept {
    auto const per = static_cast<std::int64_t>(permits);
    return Duration((period.count() + per - 1) / per);
}

Gcra::Gcra(Options options)
    : set_count_(std::bit_ceil(std::max<std::size_t>(options.entries / ways, 1))),
      sets_(std::make_unique<Set[]>(set_count_)) {}

/// The entry of a key, made where it is missing. `full`: the policy's time from empty to full.
Gcra::Entry& Gcra::entry_of(Set& set, std::uint64_t hash, std::int64_t now, std::int64_t full) {
    auto* oldest = &set.entries[0];
    for (auto& entry : set.entries) {
        if (entry.hash == hash) return entry;
        if (entry.full_at < oldest->full_at) oldest = &entry;
    }
    if (oldest->full_at > now) {
        set.floor = std::max(set.floor, oldest->full_at);
        evicted_.fetch_add(1, std::memory_order_relaxed);
    }
    *oldest = {hash, std::clamp(set.floor, now, now + full)};
    return *oldest;
}

RateDecision Gcra::take(std::string_view key, RatePolicy const& policy, TimePoint now,
                        std::uint64_t cost) {
    auto const interval = std::max<std::int64_t>(policy.interval().count(), 1);
    auto const full = product(interval, policy.burst);
    auto const at = ns_of(now);
    auto const hash = hash_(key);

    std::lock_guard const lock(lock_of(hash));
    auto& entry = entry_of(set_of(hash), hash, at, full);
    auto const before = std::max(entry.full_at, at);
    auto const after = before + product(interval, cost);
    RateDecision out;
    out.allowed = after - at <= full;
    if (out.allowed && cost > 0)
        entry.full_at = after;
    else if (!out.allowed)
        out.retry_after = Duration(after - at - full);
    auto const owed = (out.allowed ? after : before) - at;
    out.remaining = static_cast<std::uint64_t>(std::max<std::int64_t>(full - owed, 0) / interval);
    out.reset_after = Duration(owed);
    return out;
}

void Gcra::give_back(std::string_view key, RatePolicy const& policy, TimePoint now,
                     std::uint64_t cost) {
    auto const interval = std::max<std::int64_t>(policy.interval().count(), 1);
    auto const at = ns_of(now);
    auto const hash = hash_(key);
    std::lock_guard const lock(lock_of(hash));
    // Only to who is still there: what made room is remembered with what it owed, and stays so.
    for (auto& entry : set_of(hash).entries)
        if (entry.hash == hash && entry.full_at > at) entry.full_at -= product(interval, cost);
}

}  // namespace grover::resilience
