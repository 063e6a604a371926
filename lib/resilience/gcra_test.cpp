#include "resilience/gcra.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace grover::resilience {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1'000'000h};

/// The reference: a bucket in permits, refilled in proportion to time. In 128-bit integers of
/// 1 / (interval) permits, so it is as exact as the thing it judges.
class Bucket {
public:
    explicit Bucket(RatePolicy policy)
        : interval_(policy.interval().count()), room_(interval_ * std::int64_t(policy.burst)) {}

    bool take(TimePoint now, std::uint64_t cost) {
        level_ = std::min<__int128>(room_, level_ + (now - last_).count());
        last_ = now;
        auto const price = __int128(interval_) * cost;
        if (first_) level_ = room_;
        first_ = false;
        if (level_ < price) return false;
        level_ -= price;
        return true;
    }
    std::uint64_t permits() const { return std::uint64_t(level_ / interval_); }

private:
    std::int64_t interval_;
    __int128 room_;
    __int128 level_ = 0;
    TimePoint last_ = start;
    bool first_ = true;
};

TEST(Gcra, AllowsTheBurstAndThenOnePerInterval) {
    Gcra gcra;
    RatePolicy const policy{.permits = 10, .period = 1s, .burst = 3};
    for (std::uint64_t left : {2u, 1u, 0u}) {
        auto const decision = gcra.take("k", policy, start);
        EXPECT_TRUE(decision.allowed);
        EXPECT_EQ(decision.remaining, left);
        EXPECT_EQ(decision.retry_after, 0ns);
    }
    auto const refused = gcra.take("k", policy, start);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.retry_after, 100ms);
    EXPECT_EQ(refused.reset_after, 300ms);
    EXPECT_EQ(refused.remaining, 0u);
    EXPECT_FALSE(gcra.take("k", policy, start + 100ms - 1ns).allowed);
    EXPECT_TRUE(gcra.take("k", policy, start + 100ms).allowed) << "exactly after retry_after";
    EXPECT_FALSE(gcra.take("k", policy, start + 100ms).allowed);
}

TEST(Gcra, ARefusalCostsNothing) {
    Gcra gcra;
    RatePolicy const policy{.permits = 1, .period = 1s, .burst = 1};
    EXPECT_TRUE(gcra.take("k", policy, start).allowed);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(gcra.take("k", policy, start + 500ms).allowed);
    EXPECT_TRUE(gcra.take("k", policy, start + 1s).allowed);
}

TEST(Gcra, KeysDoNotShare) {
    Gcra gcra;
    RatePolicy const policy{.permits = 1, .period = 1h, .burst = 1};
    EXPECT_TRUE(gcra.take("a", policy, start).allowed);
    EXPECT_TRUE(gcra.take("b", policy, start).allowed);
    EXPECT_TRUE(gcra.take("", policy, start).allowed);
    EXPECT_FALSE(gcra.take("a", policy, start).allowed);
}

TEST(Gcra, LooksAndGivesBack) {
    Gcra gcra;
    RatePolicy const policy{.permits = 1, .period = 1s, .burst = 2};
    EXPECT_EQ(gcra.take("k", policy, start, 0).remaining, 2u);
    EXPECT_EQ(gcra.take("k", policy, start, 2).remaining, 0u);
    EXPECT_TRUE(gcra.take("k", policy, start, 0).allowed) << "looking is always allowed";
    EXPECT_FALSE(gcra.take("k", policy, start, 1).allowed);
    gcra.give_back("k", policy, start, 1);
    EXPECT_TRUE(gcra.take("k", policy, start, 1).allowed);
    // Nothing can be saved up beyond the burst, and nobody gets what he has not taken.
    gcra.give_back("k", policy, start, 1000);
    gcra.give_back("stranger", policy, start, 1000);
    EXPECT_EQ(gcra.take("k", policy, start, 0).remaining, 2u);
    EXPECT_EQ(gcra.take("stranger", policy, start, 0).remaining, 2u);
}

TEST(Gcra, WhatIsMoreThanTheBurstIsNeverAllowed) {
    Gcra gcra;
    RatePolicy const policy{.permits = 10, .period = 1s, .burst = 5};
    EXPECT_FALSE(gcra.take("k", policy, start, 6).allowed);
    EXPECT_FALSE(gcra.take("k", policy, start, ~std::uint64_t{0}).allowed);
    EXPECT_TRUE(gcra.take("k", policy, start, 5).allowed);
}

TEST(Gcra, SurvivesPoliciesWithoutSense) {
    Gcra gcra;
    RatePolicy const vast{.permits = 1, .period = 24h * 365, .burst = ~std::uint64_t{0}};
    EXPECT_TRUE(gcra.take("k", vast, start, 1).allowed);
    RatePolicy const fast{.permits = 1'000'000'000'000, .period = 1s, .burst = 1};
    EXPECT_TRUE(gcra.take("f", fast, start).allowed);
    RatePolicy const never{.permits = 1, .period = 1s, .burst = 0};
    EXPECT_FALSE(gcra.take("n", never, start).allowed);
}

TEST(Gcra, ATimeBeforeTheLastOneIsNoGift) {
    Gcra gcra;
    RatePolicy const policy{.permits = 1, .period = 1s, .burst = 1};
    EXPECT_TRUE(gcra.take("k", policy, start + 10s).allowed);
    EXPECT_FALSE(gcra.take("k", policy, start).allowed);
    EXPECT_FALSE(gcra.take("k", policy, start + 10s).allowed);
}

TEST(Gcra, AgreesWithABucketOnRandomSequences) {
    std::mt19937_64 random(17);
    for (int round = 0; round < 60; ++round) {
        RatePolicy const policy{.permits = 1 + random() % 1000,
                                .period = std::chrono::milliseconds(1 + random() % 60'000),
                                .burst = 1 + random() % 50};
        Gcra gcra;
        Bucket bucket(policy);
        auto now = start;
        for (int i = 0; i < 2000; ++i) {
            now += policy.interval() * static_cast<std::int64_t>(random() % 300) / 100;
            auto const cost = 1 + (random() % 8 == 0 ? random() % 5 : 0);
            auto const decision = gcra.take("k", policy, now, cost);
            ASSERT_EQ(decision.allowed, bucket.take(now, cost)) << round << " " << i;
            ASSERT_EQ(decision.remaining, bucket.permits());
            if (decision.allowed) continue;
            auto looked = gcra.take("k", policy, now + decision.retry_after, 0);
            ASSERT_EQ(looked.remaining >= cost, cost <= policy.burst) << "retry_after is exact";
        }
    }
}

/// Two simulated minutes at 150 % of the limit, in any window of which no more than rate x window
/// + burst may pass, and in all no less than 99 % of that.
TEST(Gcra, TwoMinutesAtTheLimitNeitherAboveNorBelow) {
    std::mt19937_64 random(4);
    RatePolicy const policies[] = {{100, 1s, 20}, {7, 1s, 10}, {3000, 60s, 50}, {99'991, 60s, 100}};
    for (auto const& policy : policies) {
        Gcra gcra;
        std::vector<TimePoint> passed;
        auto const mean = double(policy.period.count()) / double(policy.permits) / 1.5;
        std::exponential_distribution<double> gap(1 / mean);
        for (auto now = start; now < start + 2min; now += Duration(std::int64_t(gap(random))))
            if (gcra.take("k", policy, now).allowed) passed.push_back(now);

        auto const allowed = [&](Duration window) {
            return double(window.count()) * double(policy.permits) / double(policy.period.count()) +
                   double(policy.burst);
        };
        EXPECT_LE(double(passed.size()), allowed(2min));
        EXPECT_GE(double(passed.size()), 0.99 * (allowed(2min) - double(policy.burst)));
        for (std::size_t span : {1u, 5u, 50u, 500u})
            for (std::size_t i = 0; i + span < passed.size(); ++i)
                ASSERT_LE(double(span + 1), allowed(passed[i + span] - passed[i]) + 1e-6);
    }
}

TEST(Gcra, WhoKeepsTheIntervalIsNeverRefused) {
    Gcra gcra;
    RatePolicy const policy{.permits = 10, .period = 1s, .burst = 1};
    for (int i = 0; i < 1200; ++i)
        ASSERT_TRUE(gcra.take("k", policy, start + i * policy.interval()).allowed) << i;
}

TEST(Gcra, AFloodOfKeysForgivesNobody) {
    Gcra gcra({.entries = 64});
    RatePolicy const policy{.permits = 10, .period = 1s, .burst = 5};
    std::map<std::string, Bucket> truth;
    std::mt19937_64 random(3);
    auto now = start;
    std::uint64_t passed = 0;
    for (int i = 0; i < 50'000; ++i) {
        now += 200us;
        auto const key = std::to_string(random() % 500);
        auto& bucket = truth.try_emplace(key, policy).first->second;
        auto probe = bucket;
        bool const may = probe.take(now, 1);
        if (!gcra.take(key, policy, now).allowed) continue;
        ASSERT_TRUE(may) << "a key got more than its bucket had";
        bucket = probe;
        ++passed;
    }
    EXPECT_GT(gcra.evicted(), 0u);
    EXPECT_GT(passed, 0u);
    // A stranger waits for one permit at the most.
    auto const stranger = gcra.take("stranger", policy, now);
    EXPECT_LE(stranger.retry_after, policy.interval());
}

TEST(Gcra, KeysThatAreFullAgainMakeRoomUnnoticed) {
    Gcra gcra({.entries = 64});
    RatePolicy const policy{.permits = 1, .period = 1s, .burst = 1};
    auto now = start;
    for (int i = 0; i < 1000; ++i, now += 2s)
        for (int k = 0; k < 8; ++k)
            EXPECT_TRUE(gcra.take(std::to_string(i * 8 + k), policy, now).allowed);
    EXPECT_EQ(gcra.evicted(), 0u);
}

TEST(Gcra, ThreadsTakeNoMoreTogether) {
    Gcra gcra;
    RatePolicy const policy{.permits = 1, .period = 1h, .burst = 1000};
    std::atomic<int> passed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) passed += gcra.take("k", policy, start).allowed;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(passed, 1000);
}

}  // namespace
}  // namespace grover::resilience
