#include "http/h2/flood_guard.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::http::h2 {
namespace {

using namespace std::chrono_literals;
using Time = FloodGuard::TimePoint;

int taken(FloodGuard& guard, Flood kind, Time now) {
    int out = 0;
    while (out < 100'000 && guard.take(kind, now)) ++out;
    return out;
}

TEST(FloodGuard, AllowsSoManyAtOnceAndMoreWithTime) {
    Time const now{1h};
    FloodGuard guard(now);
    EXPECT_EQ(taken(guard, Flood::pings, now), static_cast<int>(limits::http2_pings_max));
    EXPECT_FALSE(guard.take(Flood::pings, now));
    EXPECT_EQ(taken(guard, Flood::pings, now + 2s),
              static_cast<int>(2 * limits::http2_pings_per_second) - 2)
        << "what was refused counts";
    EXPECT_EQ(taken(guard, Flood::pings, now + 10min), static_cast<int>(limits::http2_pings_max));
}

TEST(FloodGuard, CountsEachKindApart) {
    Time const now{1h};
    FloodGuard guard(now);
    taken(guard, Flood::resets, now);
    EXPECT_TRUE(guard.take(Flood::settings, now));
    EXPECT_TRUE(guard.take(Flood::empty_frames, now));
}

TEST(FloodGuard, CountsContinuationsPerBlock) {
    Time const now{1h};
    FloodGuard guard(now);
    EXPECT_EQ(taken(guard, Flood::continuations, now),
              static_cast<int>(limits::http2_continuations_max));
    EXPECT_FALSE(guard.take(Flood::continuations, now + 1h));
    guard.begin_block();
    EXPECT_TRUE(guard.take(Flood::continuations, now));
}

TEST(FloodGuard, LetsWindowUpdatesAnswerData) {
    Time const now{1h};
    FloodGuard guard(now);
    for (int i = 0; i < 50'000; ++i) {
        guard.sent_data();
        ASSERT_TRUE(guard.take(Flood::window_updates, now));
        ASSERT_TRUE(guard.take(Flood::window_updates, now));
    }
    EXPECT_EQ(taken(guard, Flood::window_updates, now),
              static_cast<int>(limits::http2_window_updates_max));
}

TEST(FloodGuard, NamesItsKinds) {
    EXPECT_EQ(name_of(Flood::resets), "resets");
    EXPECT_EQ(name_of(Flood::window_updates), "window_updates");
}

}  // namespace
}  // namespace grover::http::h2
