// Stops asking who keeps failing, and finds out with few calls when it is well again. The states
// are those of Nygard, "Release It!" (2007); trips on a ratio of errors or of slow calls over a
// sliding window, as resilience4j does.
//
//     auto const verdict = breaker.admit(now);
//     if (verdict == Verdict::open) ...          // do not call; try again at breaker.opens_at()
//     ...
//     breaker.record(verdict, {.error = failed, .took = took}, now);   // exactly one per admit,
//     breaker.cancel(verdict);                                         // or this: no outcome
//
// Closed, everything passes. When the window has min_calls and too many of them were bad, it opens.
// After the open time, half open, `probes` calls pass at a time: one bad one opens it again, for
// longer, and `probes` good ones close it. The open time doubles up to its maximum and is forgotten
// after a window without trouble.
//
// Cost when closed: one load to admit, one atomic addition to record a good call. Thread-safe; only
// changes of state take a lock.
#pragma once

#include <mutex>

#include "resilience/call_window.hpp"

namespace grover::resilience {

struct BreakerOptions {
    Duration window = std::chrono::seconds(10);
    std::uint64_t min_calls = 20;
    double error_ratio = 0.5;
    Duration slow_call{};  // what takes longer is slow; 0: nothing is
    double slow_ratio = 0.9;
    Duration open_time = std::chrono::milliseconds(250);
    Duration open_time_max = std::chrono::seconds(2);
    double jitter = 0.1;  // of the open time, either way: breakers must not probe in step
    std::uint32_t probes = 3;
};

class CircuitBreaker {
public:
    enum class State : std::uint8_t { closed, half_open, open };
    enum class Verdict : std::uint8_t { closed, probe, open };
    /// By an operator, until it is taken back.
    enum class Force : std::uint8_t { none, open, closed };

    struct Call {
        bool error = false;
        Duration took{};
    };

    explicit CircuitBreaker(BreakerOptions const& options = {}) noexcept;

    Verdict admit(TimePoint now) noexcept {
        if (gate_.load(std::memory_order_relaxed) == State::closed) return Verdict::closed;
        return admit_slowly(now);
    }
    void record(Verdict verdict, Call call, TimePoint now) noexcept;
    /// What was admitted came to no end that says anything about the callee.
    void cancel(Verdict verdict) noexcept;
    /// Somebody knows that the callee was gone and is back: an open breaker probes at once.
    void hint(TimePoint now) noexcept;
    void force(Force force, TimePoint now) noexcept;
    Force forced() const noexcept;
    /// As new: the callee is another one now. What an operator wants stays.
    void reset() noexcept;

    State state() const noexcept { return gate_.load(std::memory_order_relaxed); }
    /// When an open one lets a probe through; the past otherwise.
    TimePoint opens_at() const noexcept;
    /// How often it has opened.
    std::uint64_t trips() const noexcept { return trips_.load(std::memory_order_relaxed); }
    CallWindow::Counts counts(TimePoint now) const noexcept { return window_.total(now); }

private:
    Verdict admit_slowly(TimePoint now) noexcept;
    void record_probe(bool bad, TimePoint now) noexcept;
    void judge(TimePoint now) noexcept;
    void open(TimePoint now) noexcept;  // under the lock
    void close(TimePoint now) noexcept;
    double spread() noexcept;

    BreakerOptions const options_;
    CallWindow window_;
    std::atomic<State> gate_{State::closed};
    std::atomic<std::uint64_t> trips_{0};

    mutable std::mutex mutex_;  // for what follows, and writes of gate_
    Force force_ = Force::none;
    TimePoint open_until_{};
    TimePoint closed_at_{};
    bool has_closed_ = false;
    Duration open_time_{};
    std::uint32_t probes_out_ = 0;
    std::uint32_t probes_good_ = 0;
    std::uint64_t random_;
};

}  // namespace grover::resilience
