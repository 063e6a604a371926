// Takes instances out of the balancing that answer worse than their peers, whatever their health
// checks say; Envoy's outlier detection, made safe for two instances.
//
// An instance is ejected when
// - `consecutive` calls in a row failed while a peer is not failing likewise, or
// - its success rate over the window is an outlier: below mean - 1.9 standard deviations of at
//   least five instances with enough calls; with fewer, when the upper Wilson bound of its rate is
//   below the lower Wilson bound of all its peers together (Wilson, "Probable inference", 1927:
//   what few calls can tell), and by ten points at least.
// It comes back after base_time x (ejections in a row), at most time_max. Never more than max_share
// of the instances are out, and never the last one that is usable: when everybody fails, the fault
// is not an instance's.
//
//     if (outliers.record(i, good, now)) ...          // i was just ejected: tell the balancers
//     if (outliers.judge(now, usable)) ...            // every second or so: some came or went
//
// Cost of record(): one atomic addition and a load for a good call. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

#include "resilience/call_window.hpp"

namespace grover::resilience {

struct OutlierOptions {
    std::uint32_t consecutive = 5;
    Duration window = std::chrono::seconds(10);
    std::uint64_t min_calls = 50;  // in the window, before a rate is believed
    Duration base_time = std::chrono::seconds(1);
    Duration time_max = std::chrono::seconds(30);
    double max_share = 0.5;
};

class Outliers {
public:
    static constexpr std::size_t members_max = 64;

    explicit Outliers(OutlierOptions const& options = {});

    /// A call to member `i` ended. `usable`: a bit per member that balancing may use otherwise (it
    /// is there and healthy). True when this ejected it.
    bool record(std::size_t i, bool good, TimePoint now, std::uint64_t usable) noexcept;
    /// Looks at the rates and brings back whose time is over; true when somebody came or went.
    bool judge(TimePoint now, std::uint64_t usable) noexcept;
    /// Member `i` is another instance now, or was down and is back: forgets all about it.
    void reset(std::size_t i) noexcept;

    /// A bit per member that is out.
    std::uint64_t ejected() const noexcept { return ejected_.load(std::memory_order_relaxed); }
    std::uint64_t ejections() const noexcept { return count_.load(std::memory_order_relaxed); }
    CallWindow::Counts counts(std::size_t i, TimePoint now) const noexcept {
        return members_[i].window.total(now);
    }

private:
    struct Member {
        explicit Member(Duration time) noexcept : window(time) {}
        CallWindow window;
        std::atomic<std::uint32_t> failed_in_a_row{0};
        std::uint32_t ejections_in_a_row = 0;  // under the lock, like what follows
        TimePoint until{};
    };

    bool eject(std::size_t i, TimePoint now, std::uint64_t usable) noexcept;
    bool peers_do_better(std::size_t i, std::uint64_t usable) const noexcept;
    bool judge_rates(TimePoint now, std::uint64_t usable) noexcept;
    bool is_outlier(CallWindow::Counts const& one, CallWindow::Counts const& others) const noexcept;

    OutlierOptions const options_;
    std::deque<Member> members_;  // members_max of them, which do not move
    std::atomic<std::uint64_t> ejected_{0};
    std::atomic<std::uint64_t> count_{0};
    std::mutex mutex_;
};

}  // namespace grover::resilience
