#include "resilience/circuit_breaker.hpp"

#include <algorithm>

namespace grover::resilience {

CircuitBreaker::CircuitBreaker(BreakerOptions const& options) noexcept
    : options_(options),
      window_(options.window),
      random_(reinterpret_cast<std::uintptr_t>(this) * 0x9e3779b97f4a7c15U | 1U) {}

CircuitBreaker::Verdict CircuitBreaker::admit_slowly(TimePoint now) noexcept {
    std::lock_guard const lock(mutex_);
    if (force_ == Force::open) return Verdict::open;
    if (state() == State::closed) return Verdict::closed;
    if (state() == State::open) {
        if (now < open_until_) return Verdict::open;
        gate_.store(State::half_open, std::memory_order_relaxed);
        probes_out_ = probes_good_ = 0;
    }
    if (probes_out_ + probes_good_ >= options_.probes) return Verdict::open;
    ++probes_out_;
    return Verdict::probe;
}

void CircuitBreaker::record(Verdict verdict, Call call, TimePoint now) noexcept {
    if (verdict == Verdict::open) return;
    bool const slow = options_.slow_call.count() > 0 && call.took > options_.slow_call;
    if (verdict == Verdict::probe) return record_probe(call.error || slow, now);
    window_.add(now, call.error, slow);
    if (call.error || slow) judge(now);
}

void CircuitBreaker::record_probe(bool bad, TimePoint now) noexcept {
    std::lock_guard const lock(mutex_);
    // A probe of a time before: the state has moved on without it.
    if (state() != State::half_open || probes_out_ == 0) return;
    --probes_out_;
    if (bad) return open(now);
    if (++probes_good_ >= options_.probes) close(now);
}

void CircuitBreaker::cancel(Verdict verdict) noexcept {
    if (verdict != Verdict::probe) return;
    std::lock_guard const lock(mutex_);
    if (state() == State::half_open && probes_out_ > 0) --probes_out_;
}

void CircuitBreaker::judge(TimePoint now) noexcept {
    if (state() != State::closed) return;
    auto const counts = window_.total(now);
    if (counts.calls < options_.min_calls) return;
    bool const bad = counts.error_ratio() >= options_.error_ratio ||
                     (counts.slow > 0 && counts.slow_ratio() >= options_.slow_ratio);
    if (!bad) return;
    std::lock_guard const lock(mutex_);
    if (state() == State::closed && force_ == Force::none) open(now);
}

void CircuitBreaker::open(TimePoint now) noexcept {
    bool const again =
        state() == State::half_open || (has_closed_ && now - closed_at_ < options_.window);
    open_time_ = again ? std::min(open_time_ * 2, options_.open_time_max) : options_.open_time;
    auto const time = static_cast<double>(open_time_.count()) * (1 + options_.jitter * spread());
    open_until_ = now + Duration(static_cast<std::int64_t>(time));
    gate_.store(State::open, std::memory_order_relaxed);
    trips_.fetch_add(1, std::memory_order_relaxed);
}

void CircuitBreaker::close(TimePoint now) noexcept {
    window_.clear();
    closed_at_ = now;
    has_closed_ = true;
    gate_.store(State::closed, std::memory_order_relaxed);
}

void CircuitBreaker::hint(TimePoint now) noexcept {
    if (state() == State::closed) return;
    std::lock_guard const lock(mutex_);
    if (state() == State::open && force_ == Force::none) open_until_ = std::min(open_until_, now);
}

void CircuitBreaker::force(Force force, TimePoint now) noexcept {
    std::lock_guard const lock(mutex_);
    auto const before = std::exchange(force_, force);
    if (force == Force::open) {
        gate_.store(State::open, std::memory_order_relaxed);
    } else if (force == Force::closed || before == Force::open) {
        close(now);
    }
    if (force == Force::none) window_.clear();
}

CircuitBreaker::Force CircuitBreaker::forced() const noexcept {
    std::lock_guard const lock(mutex_);
    return force_;
}

void CircuitBreaker::reset() noexcept {
    std::lock_guard const lock(mutex_);
    window_.clear();
    has_closed_ = false;
    if (force_ != Force::open) gate_.store(State::closed, std::memory_order_relaxed);
}

TimePoint CircuitBreaker::opens_at() const noexcept {
    std::lock_guard const lock(mutex_);
    return state() == State::open ? open_until_ : TimePoint{};
}

/// -1 to 1 (xorshift64, Marsaglia 2003).
double CircuitBreaker::spread() noexcept {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<double>(random_ >> 11) / 0x1p52 - 1;
}

}  // namespace grover::resilience
