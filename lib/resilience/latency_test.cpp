#include "resilience/latency.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace grover::resilience {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{1000h};

TEST(PeakEwma, FollowsPeaksAtOnceAndForgetsThem) {
    PeakEwma ewma(10s);
    EXPECT_EQ(ewma.value(start), 0);
    ewma.add(start, 1ms);
    ewma.add(start, 50ms);
    EXPECT_EQ(ewma.value(start), 50e6);
    ewma.add(start + 10s, 1ms);
    EXPECT_NEAR(ewma.value(start + 10s), 50e6 / M_E + 1e6 * (1 - 1 / M_E), 1e3);
    EXPECT_LT(ewma.value(start + 60s), 1e6) << "idle time forgets too";
    EXPECT_GE(ewma.value(start), 0) << "a time before is no trouble";
}

TEST(PeakEwma, WhatWasNotWaitedForOnlyRaises) {
    PeakEwma ewma(10s);
    ewma.add_at_least(start, 3ms);
    EXPECT_EQ(ewma.value(start), 3e6);
    ewma.add_at_least(start + 100ms, 1ms);
    EXPECT_EQ(ewma.value(start + 100ms), 3e6);
}

TEST(PeakEwma, FailuresCountAsSlowAndWithinBounds) {
    PeakEwma ewma(10s);
    ewma.add_failure(start, 10us);
    EXPECT_EQ(ewma.value(start), 1e6) << "a fast failure is no fast answer";
    ewma.add_failure(start, 10us);
    EXPECT_EQ(ewma.value(start), 3e6);
    for (int i = 0; i < 1000; ++i) ewma.add_failure(start, 10us);
    EXPECT_EQ(ewma.value(start), 1e9);
    ewma.add_failure(start, 5s);
    EXPECT_EQ(ewma.value(start), 5e9);
    ewma.add_failure(start, 10us);
    EXPECT_LE(ewma.value(start), 5e9);
}

TEST(LatencyDigest, BucketsHoldWhatTheySay) {
    for (std::int64_t us = 1; us < 60'000'000; us += 1 + us / 7) {
        Duration const took = std::chrono::microseconds(us);
        auto const bound = LatencyDigest::bound_of(LatencyDigest::bucket_of(took));
        ASSERT_GE(bound, took) << us;
        ASSERT_LE(bound.count(), took.count() * 9 / 8 + 1000) << us;
    }
    EXPECT_EQ(LatencyDigest::bucket_of(0ns), LatencyDigest::bucket_of(1us));
    EXPECT_EQ(LatencyDigest::bucket_of(-5s), 0u);
    EXPECT_EQ(LatencyDigest::bucket_of(24h), LatencyDigest::bucket_of(48h));
}

TEST(LatencyDigest, QuantilesAreThoseOfTheSortedList) {
    std::mt19937_64 random(2);
    std::lognormal_distribution<double> times(8, 1);
    LatencyDigest digest;
    std::vector<Duration> all;
    for (int i = 0; i < 10'000; ++i) {
        all.emplace_back(std::chrono::microseconds(1 + std::int64_t(times(random))));
        digest.add(start, all.back());
    }
    std::ranges::sort(all);
    for (double q : {0.01, 0.5, 0.95, 0.99, 1.0}) {
        auto const truth = double(all[std::size_t(q * 9999)].count());
        EXPECT_NEAR(double(digest.quantile(q)->count()), truth, truth * 0.13) << q;
    }
}

TEST(LatencyDigest, SaysNothingOfFewAndForgetsTheOld) {
    LatencyDigest digest(10s);
    EXPECT_FALSE(digest.quantile(0.5));
    digest.add(start, 1s);
    EXPECT_FALSE(digest.quantile(0.5, 2));
    EXPECT_TRUE(digest.quantile(0.5, 1));
    digest.add(start + 10s, 1ms);
    EXPECT_GE(*digest.quantile(1), 1s) << "the half before is still there";
    digest.add(start + 20s, 1ms);
    EXPECT_LT(*digest.quantile(1), 2ms);
    digest.add(start + 60s, 1ms);
    EXPECT_FALSE(digest.quantile(0.5, 2));
}

}  // namespace
}  // namespace grover::resilience
