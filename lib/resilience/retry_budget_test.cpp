#include "resilience/retry_budget.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace grover::resilience {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{1h};

TEST(RetryBudget, IsAShareOfTheFirstTries) {
    RetryBudget budget({.ratio = 0.2, .min_per_second = 0});
    EXPECT_FALSE(budget.withdraw(start)) << "nothing was asked, nothing is repeated";
    for (int i = 0; i < 10; ++i) budget.deposit();
    EXPECT_TRUE(budget.withdraw(start));
    EXPECT_TRUE(budget.withdraw(start));
    EXPECT_FALSE(budget.withdraw(start));
    budget.put_back();
    EXPECT_TRUE(budget.withdraw(start));
}

TEST(RetryBudget, HasAFloorPerSecond) {
    RetryBudget budget({.ratio = 0, .min_per_second = 3});
    auto now = start;
    for (int second = 0; second < 5; ++second, now += 1s) {
        int got = 0;
        while (budget.withdraw(now)) ++got;
        EXPECT_EQ(got, 3);
    }
    RetryBudget rare({.ratio = 0, .min_per_second = 0.5});
    EXPECT_TRUE(rare.withdraw(start));
    EXPECT_FALSE(rare.withdraw(start + 1s));
    EXPECT_TRUE(rare.withdraw(start + 2s));
}

TEST(RetryBudget, NothingMeansNothing) {
    RetryBudget budget({.ratio = 0, .min_per_second = 0});
    for (int i = 0; i < 1000; ++i) budget.deposit();
    EXPECT_FALSE(budget.withdraw(start));
    RetryBudget odd({.ratio = -1, .min_per_second = -1});
    odd.deposit();
    EXPECT_FALSE(odd.withdraw(start));
}

TEST(RetryBudget, QuietTimesSaveUpOnlySoMuch) {
    RetryBudget budget({.ratio = 1, .min_per_second = 0, .saved_max = 10});
    for (int i = 0; i < 1000; ++i) budget.deposit();
    int got = 0;
    while (budget.withdraw(start)) ++got;
    EXPECT_LE(got, 11);
    EXPECT_GE(got, 10);
}

/// Random traffic against the bound of the header, at every moment.
TEST(RetryBudget, NeverExceedsItsBound) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 20; ++round) {
        RetryBudget::Options const options{.ratio = double(random() % 100) / 100,
                                           .min_per_second = double(random() % 20)};
        RetryBudget budget(options);
        auto now = start;
        double firsts = 0, retries = 0;
        for (int i = 0; i < 20'000; ++i) {
            now += std::chrono::microseconds(random() % 2000);
            budget.deposit();
            ++firsts;
            for (auto tries = random() % 3; tries > 0; --tries) retries += budget.withdraw(now);
            auto const seconds = std::chrono::duration<double>(now - start).count();
            ASSERT_LE(retries, options.ratio * firsts + options.min_per_second * (seconds + 1) + 1);
        }
        auto const seconds = std::chrono::duration<double>(now - start).count();
        auto const wanted =
            std::min(firsts, options.ratio * firsts + options.min_per_second * seconds);
        EXPECT_GE(retries, 0.9 * std::min(wanted, firsts * 0.9)) << "and is not stingy either";
    }
}

TEST(RetryBudget, ThreadsShareOne) {
    RetryBudget budget({.ratio = 1, .min_per_second = 0, .saved_max = 5000});
    for (int i = 0; i < 1000; ++i) budget.deposit();
    std::atomic<int> got = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) got += budget.withdraw(start);
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(got, 1000);
}

}  // namespace
}  // namespace grover::resilience
