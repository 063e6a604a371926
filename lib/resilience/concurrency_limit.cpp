#include "resilience/concurrency_limit.hpp"

#include <algorithm>
#include <cmath>

namespace grover::resilience {
namespace {

constexpr std::int64_t window_ns = 100'000'000;
constexpr std::uint32_t window_samples_min = 10;
constexpr std::int64_t turn_ns = 5'000'000'000;
constexpr double probe_share = 0.25;
constexpr double shrink_min = 0.7;  // of the limit, in one window

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(ConcurrencyOptions const& options) noexcept
    : options_(options), exact_(options.initial) {
    set_limit(exact_);
}

bool ConcurrencyLimit::refuse(Priority priority) noexcept {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    refused_[static_cast<std::size_t>(priority)].fetch_add(1, std::memory_order_relaxed);
    full_.store(true, std::memory_order_relaxed);
    return false;
}

void ConcurrencyLimit::leave(TimePoint now, Duration took) noexcept {
    leave();
    digest_.add(TimePoint{}, took);
    auto const samples = samples_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (samples < window_samples_min || ns_of(now) < window_end_.load(std::memory_order_relaxed))
        return;
    std::unique_lock const lock(mutex_, std::try_to_lock);
    if (lock && ns_of(now) >= window_end_.load(std::memory_order_relaxed)) update(now);
}

void ConcurrencyLimit::update(TimePoint now) noexcept {
    auto const median = digest_.quantile(0.5);
    digest_.clear();
    samples_.store(0, std::memory_order_relaxed);
    window_end_.store(ns_of(now) + window_ns, std::memory_order_relaxed);
    auto const peak = peak_.exchange(0, std::memory_order_relaxed);
    bool const full = full_.exchange(false, std::memory_order_relaxed);
    if (!median) return;
    auto const took = static_cast<double>(median->count());
    auto const lowest = baseline(now, took);

    if (set_aside_) return set_limit(exact_ = *std::exchange(set_aside_, std::nullopt));
    auto const good =
        std::max(options_.tolerance * lowest, static_cast<double>(options_.unnoticed.count()));
    auto const gradient = good / took;
    if (gradient < 1)
        exact_ *= std::max(gradient, shrink_min);
    else if (full || peak * 2 >= limit())
        exact_ += std::sqrt(exact_);
    exact_ = std::clamp(exact_, double(options_.min), double(options_.max));

    auto const turn = ns_of(now) / turn_ns;
    if (full && turn > probed_) {
        probed_ = turn;
        set_aside_ = exact_;
        return set_limit(std::max(exact_ * probe_share, std::min(exact_, double(options_.min))));
    }
    set_limit(exact_);
}

/// The lowest median of the last six turns, this one among them.
double ConcurrencyLimit::baseline(TimePoint now, double median) noexcept {
    auto const turn = ns_of(now) / turn_ns;
    auto& mine = lowest_[static_cast<std::size_t>(turn) % lowest_.size()];
    if (mine.turn != turn) mine = {turn, median};
    mine.median = std::min(mine.median, median);
    double out = median;
    for (auto const& one : lowest_)
        if (one.turn >= 0 && turn - one.turn < std::int64_t(lowest_.size()))
            out = std::min(out, one.median);
    return out;
}

void ConcurrencyLimit::set_limit(double limit) noexcept {
    limit_.store(static_cast<std::uint32_t>(limit), std::memory_order_relaxed);
    for (std::size_t i = 0; i < priorities; ++i)
        rooms_[i].store(
            std::max<std::uint32_t>(static_cast<std::uint32_t>(limit * options_.shares[i]), 1),
            std::memory_order_relaxed);
}

}  // namespace grover::resilience
