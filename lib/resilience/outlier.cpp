#include "resilience/outlier.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace grover::resilience {
namespace {

constexpr double deviations = 1.9;      // Envoy's success_rate_stdev_factor
constexpr double z = 1.96;              // Wilson bounds at 95 %
constexpr double difference_min = 0.1;  // of two rates
constexpr std::size_t crowd = 5;        // instances from which a deviation means something

constexpr std::uint64_t bit(std::size_t i) noexcept {
    return std::uint64_t{1} << i;
}

double success(CallWindow::Counts const& counts) noexcept {
    return 1 - counts.error_ratio();
}

struct Bounds {
    double lower, upper;
};
Bounds wilson(CallWindow::Counts const& counts) noexcept {
    auto const n = static_cast<double>(counts.calls), p = success(counts);
    auto const middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    auto const half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return {middle - half, middle + half};
}

}  // namespace

Outliers::Outliers(OutlierOptions const& options) : options_(options) {
    for (std::size_t i = 0; i < members_max; ++i) members_.emplace_back(options.window);
}

bool Outliers::record(std::size_t i, bool good, TimePoint now, std::uint64_t usable) noexcept {
    auto& member = members_[i];
    member.window.add(now, !good, false);
    if (good) {
        if (member.failed_in_a_row.load(std::memory_order_relaxed) != 0)
            member.failed_in_a_row.store(0, std::memory_order_relaxed);
        return false;
    }
    auto const failed = member.failed_in_a_row.fetch_add(1, std::memory_order_relaxed) + 1;
    if (failed < options_.consecutive || (ejected() & bit(i))) return false;
    std::lock_guard const lock(mutex_);
    return peers_do_better(i, usable) && eject(i, now, usable);
}

bool Outliers::peers_do_better(std::size_t i, std::uint64_t usable) const noexcept {
    for (auto left = usable & ~ejected() & ~bit(i); left != 0; left &= left - 1) {
        auto const& peer = members_[static_cast<std::size_t>(std::countr_zero(left))];
        if (peer.failed_in_a_row.load(std::memory_order_relaxed) < options_.consecutive)
            return true;
    }
    return false;
}

bool Outliers::eject(std::size_t i, TimePoint now, std::uint64_t usable) noexcept {
    auto const out = ejected() & usable;
    if (out & bit(i)) return false;
    auto const all = std::popcount(usable | bit(i));
    auto const out_max = std::min(static_cast<int>(options_.max_share * all), all - 1);
    if (std::popcount(out) + 1 > out_max) return false;
    auto& member = members_[i];
    auto const time =
        std::min<Duration>(options_.base_time * ++member.ejections_in_a_row, options_.time_max);
    member.until = now + time;
    member.failed_in_a_row.store(0, std::memory_order_relaxed);
    ejected_.fetch_or(bit(i), std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

bool Outliers::judge(TimePoint now, std::uint64_t usable) noexcept {
    std::lock_guard const lock(mutex_);
    bool changed = false;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        auto& member = members_[i];
        if (ejected() & bit(i)) {
            if (now < member.until) continue;
            ejected_.fetch_and(~bit(i), std::memory_order_relaxed);
            member.window.clear();  // Judged by what it does now.
            changed = true;
        } else if (member.ejections_in_a_row > 0 &&
                   now - member.until > options_.base_time * member.ejections_in_a_row * 2) {
            --member.ejections_in_a_row;  // It has been well for a while.
            member.until = now;
        }
    }
    return judge_rates(now, usable) || changed;
}

bool Outliers::judge_rates(TimePoint now, std::uint64_t usable) noexcept {
    struct Rated {
        std::size_t member;
        CallWindow::Counts counts;
    };
    std::array<Rated, members_max> rated;
    std::size_t count = 0;
    CallWindow::Counts all;
    for (auto left = usable & ~ejected(); left != 0; left &= left - 1) {
        auto const i = static_cast<std::size_t>(std::countr_zero(left));
        auto const counts = members_[i].window.total(now);
        if (counts.calls < options_.min_calls) continue;
        rated[count++] = {i, counts};
        all.calls += counts.calls;
        all.errors += counts.errors;
    }
    if (count < 2) return false;
    double mean = 0, square = 0;
    for (std::size_t k = 0; k < count; ++k) mean += success(rated[k].counts) / double(count);
    for (std::size_t k = 0; k < count; ++k)
        square += std::pow(success(rated[k].counts) - mean, 2) / double(count);
    auto const floor = mean - deviations * std::sqrt(square);

    bool changed = false;
    for (std::size_t k = 0; k < count; ++k) {
        auto const& [i, counts] = rated[k];
        CallWindow::Counts others;
        others.calls = all.calls - counts.calls;
        others.errors = all.errors - counts.errors;
        bool const bad = count >= crowd
                             ? success(counts) < floor && mean - success(counts) > difference_min
                             : is_outlier(counts, others);
        if (bad) changed = eject(i, now, usable) || changed;
    }
    return changed;
}

bool Outliers::is_outlier(CallWindow::Counts const& one,
                          CallWindow::Counts const& others) const noexcept {
    return success(others) - success(one) > difference_min &&
           wilson(one).upper < wilson(others).lower;
}

void Outliers::reset(std::size_t i) noexcept {
    std::lock_guard const lock(mutex_);
    auto& member = members_[i];
    member.window.clear();
    member.failed_in_a_row.store(0, std::memory_order_relaxed);
    member.ejections_in_a_row = 0;
    ejected_.fetch_and(~bit(i), std::memory_order_relaxed);
}

}  // namespace grover::resilience
