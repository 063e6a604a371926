#include "resilience/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace grover::resilience {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;
using Verdict = CircuitBreaker::Verdict;

constexpr TimePoint start{1000h};
constexpr BreakerOptions exact{.min_calls = 10, .slow_call = 100ms, .jitter = 0};
constexpr CircuitBreaker::Call good{}, bad{.error = true}, slow{.took = 101ms};

void call(CircuitBreaker& breaker, CircuitBreaker::Call outcome, TimePoint now, int times = 1) {
    for (int i = 0; i < times; ++i) {
        auto const verdict = breaker.admit(now);
        ASSERT_NE(verdict, Verdict::open);
        breaker.record(verdict, outcome, now);
    }
}

TEST(CircuitBreaker, OpensAtTheRatioNotBefore) {
    CircuitBreaker breaker(exact);
    call(breaker, good, start, 5);
    call(breaker, bad, start, 4);
    EXPECT_EQ(breaker.state(), State::closed) << "nine calls are too few";
    call(breaker, bad, start);
    EXPECT_EQ(breaker.state(), State::open);
    EXPECT_EQ(breaker.admit(start), Verdict::open);
    EXPECT_EQ(breaker.opens_at(), start + 250ms);
    EXPECT_EQ(breaker.trips(), 1u);
}

TEST(CircuitBreaker, StaysClosedBelowTheRatio) {
    CircuitBreaker breaker(exact);
    for (int i = 0; i < 1000; ++i) {
        call(breaker, good, start + i * 10ms);
        call(breaker, i % 2 ? bad : good, start + i * 10ms);
    }
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST(CircuitBreaker, SlowCallsOpenItToo) {
    CircuitBreaker breaker(exact);
    call(breaker, good, start, 1);
    call(breaker, slow, start, 9);
    EXPECT_EQ(breaker.state(), State::open);
    CircuitBreaker patient({.min_calls = 10, .slow_call = 0ms});
    call(patient, slow, start, 100);
    EXPECT_EQ(patient.state(), State::closed) << "no bound, nothing is slow";
}

TEST(CircuitBreaker, OldTroubleIsForgotten) {
    CircuitBreaker breaker(exact);
    call(breaker, bad, start, 9);
    call(breaker, bad, start + 11s);
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST(CircuitBreaker, ProbesAndCloses) {
    CircuitBreaker breaker(exact);
    call(breaker, bad, start, 10);
    EXPECT_EQ(breaker.admit(start + 249ms), Verdict::open);
    auto const later = start + 250ms;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(breaker.admit(later), Verdict::probe);
    EXPECT_EQ(breaker.state(), State::half_open);
    EXPECT_EQ(breaker.admit(later), Verdict::open) << "no more than that at a time";
    for (int i = 0; i < 3; ++i) breaker.record(Verdict::probe, good, later);
    EXPECT_EQ(breaker.state(), State::closed);
    EXPECT_EQ(breaker.counts(later).calls, 0u) << "what was before does not count";
}

TEST(CircuitBreaker, ABadProbeOpensItForLonger) {
    CircuitBreaker breaker(exact);
    call(breaker, bad, start, 10);
    auto now = start;
    for (auto const time : {250ms, 500ms, 1000ms, 2000ms, 2000ms}) {
        EXPECT_EQ(breaker.opens_at() - now, time);
        now = breaker.opens_at();
        EXPECT_EQ(breaker.admit(now), Verdict::probe);
        breaker.record(Verdict::probe, bad, now);
        EXPECT_EQ(breaker.state(), State::open);
    }
}

TEST(CircuitBreaker, ACancelledProbeMakesRoomForAnother) {
    CircuitBreaker breaker(exact);
    call(breaker, bad, start, 10);
    auto const later = start + 1s;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(breaker.admit(later), Verdict::probe);
        breaker.cancel(Verdict::probe);
    }
    EXPECT_EQ(breaker.state(), State::half_open);
    breaker.cancel(Verdict::closed);
    breaker.cancel(Verdict::open);
}

TEST(CircuitBreaker, ALateAnswerOfAnotherTimeChangesNothing) {
    CircuitBreaker breaker(exact);
    auto const early = breaker.admit(start);
    call(breaker, bad, start, 10);
    breaker.record(early, good, start + 1s);
    EXPECT_EQ(breaker.state(), State::open);
    breaker.record(Verdict::probe, good, start + 1s);
    breaker.record(Verdict::open, good, start + 1s);
    EXPECT_EQ(breaker.state(), State::open);
}

TEST(CircuitBreaker, AHintProbesAtOnce) {
    CircuitBreaker breaker(exact);
    call(breaker, bad, start, 10);
    breaker.hint(start + 1ms);
    EXPECT_EQ(breaker.admit(start + 1ms), Verdict::probe);
}

TEST(CircuitBreaker, ObeysTheOperator) {
    CircuitBreaker breaker(exact);
    breaker.force(CircuitBreaker::Force::open, start);
    EXPECT_EQ(breaker.admit(start + 24h), Verdict::open);
    breaker.hint(start);
    EXPECT_EQ(breaker.admit(start), Verdict::open);
    breaker.force(CircuitBreaker::Force::closed, start);
    call(breaker, bad, start, 100);
    EXPECT_EQ(breaker.state(), State::closed);
    breaker.force(CircuitBreaker::Force::none, start);
    call(breaker, bad, start, 9);
    EXPECT_EQ(breaker.state(), State::closed) << "starts anew";
    call(breaker, bad, start, 1);
    EXPECT_EQ(breaker.state(), State::open);
    breaker.force(CircuitBreaker::Force::open, start);
    breaker.force(CircuitBreaker::Force::none, start);
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST(CircuitBreaker, StartsAnewForAnotherCallee) {
    CircuitBreaker breaker(exact);
    call(breaker, bad, start, 10);
    breaker.reset();
    EXPECT_EQ(breaker.state(), State::closed);
    EXPECT_EQ(breaker.counts(start).calls, 0u);
    breaker.force(CircuitBreaker::Force::open, start);
    breaker.reset();
    EXPECT_EQ(breaker.admit(start), Verdict::open);
}

/// The reference says what the header says, with lists: every call of the window in a deque.
class Reference {
public:
    explicit Reference(BreakerOptions const& options) : options_(options) {}

    Verdict admit(TimePoint now) {
        if (state_ == State::closed) return Verdict::closed;
        if (state_ == State::open && now < until_) return Verdict::open;
        if (state_ == State::open) state_ = State::half_open, out_ = well_ = 0;
        if (out_ + well_ >= options_.probes) return Verdict::open;
        ++out_;
        return Verdict::probe;
    }
    void record(Verdict verdict, bool error, TimePoint now) {
        if (verdict == Verdict::probe) {
            --out_;
            if (error) return open(now, true);
            if (++well_ == options_.probes) {
                state_ = State::closed;
                calls_.clear();
                closed_ = now;
            }
            return;
        }
        calls_.push_back({slot(now), error});
        while (calls_.front().first <= slot(now) - 10) calls_.pop_front();
        if (state_ != State::closed || !error || calls_.size() < options_.min_calls) return;
        auto const errors = std::ranges::count_if(calls_, [](auto c) { return c.second; });
        if (double(errors) >= options_.error_ratio * double(calls_.size()))
            open(now, closed_ && now - *closed_ < options_.window);
    }
    State state() const { return state_; }

private:
    std::int64_t slot(TimePoint now) const { return ns_of(now) / (options_.window.count() / 10); }
    void open(TimePoint now, bool again) {
        state_ = State::open;
        time_ = again ? std::min<Duration>(time_ * 2, options_.open_time_max) : options_.open_time;
        until_ = now + time_;
    }

    BreakerOptions options_;
    State state_ = State::closed;
    std::deque<std::pair<std::int64_t, bool>> calls_;
    std::optional<TimePoint> closed_;
    TimePoint until_{};
    Duration time_{};
    unsigned out_ = 0, well_ = 0;
};

TEST(CircuitBreaker, AgreesWithTheReferenceOnRandomSequences) {
    std::mt19937_64 random(11);
    std::uint64_t trips = 0;
    for (int round = 0; round < 30; ++round) {
        CircuitBreaker breaker(exact);
        Reference reference(exact);
        auto now = start;
        bool ill = false;
        for (int i = 0; i < 5000; ++i) {
            now += std::chrono::milliseconds(random() % 100);
            if (random() % 200 == 0) ill = !ill;
            auto const verdict = breaker.admit(now);
            ASSERT_EQ(verdict, reference.admit(now)) << round << " " << i;
            if (verdict == Verdict::open) continue;
            bool const error = random() % 10 < (ill ? 9 : 1);
            breaker.record(verdict, {.error = error}, now);
            reference.record(verdict, error, now);
            ASSERT_EQ(breaker.state(), reference.state()) << round << " " << i;
        }
        trips += breaker.trips();
    }
    EXPECT_GT(trips, 100u);
}

}  // namespace
}  // namespace grover::resilience
