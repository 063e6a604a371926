#include "resilience/outlier.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace grover::resilience {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{1000h};

TEST(Outliers, FiveInARowAreOut) {
    Outliers outliers;
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(outliers.record(0, false, start, 0b11));
    EXPECT_FALSE(outliers.record(0, true, start, 0b11));
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(outliers.record(0, false, start, 0b11));
    EXPECT_TRUE(outliers.record(0, false, start, 0b11));
    EXPECT_EQ(outliers.ejected(), 0b01u);
    EXPECT_FALSE(outliers.record(0, false, start, 0b11)) << "once";
}

TEST(Outliers, NeverTheLastOne) {
    Outliers alone;
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(alone.record(0, false, start, 0b1));
    Outliers other_is_down;
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(other_is_down.record(0, false, start, 0b01));
    Outliers two;
    for (int i = 0; i < 5; ++i) two.record(0, false, start, 0b11);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(two.record(1, false, start, 0b11));
    EXPECT_EQ(two.ejected(), 0b01u);
}

TEST(Outliers, WhenAllFailNobodyIsOut) {
    Outliers outliers;
    for (int i = 0; i < 4; ++i)
        for (std::size_t m = 0; m < 3; ++m) outliers.record(m, false, start, 0b111);
    // The fifth failure of the first comes while its peers have failed four times each: it may go;
    // those after it fail likewise and stay.
    for (int i = 0; i < 100; ++i)
        for (std::size_t m = 0; m < 3; ++m) outliers.record(m, false, start, 0b111);
    EXPECT_LE(std::popcount(outliers.ejected()), 1);
}

TEST(Outliers, NeverMoreThanTheShare) {
    Outliers outliers;
    for (std::size_t m = 0; m < 9; ++m)
        for (int i = 0; i < 5; ++i) outliers.record(m, false, start, 0x3ff);
    EXPECT_EQ(std::popcount(outliers.ejected()), 5);
}

TEST(Outliers, ComesBackAndStaysOutLongerEachTime) {
    Outliers outliers;
    auto now = start;
    for (auto const time : {1s, 2s, 3s}) {
        for (int i = 0; i < 5; ++i) outliers.record(0, false, now, 0b11);
        ASSERT_EQ(outliers.ejected(), 1u);
        EXPECT_FALSE(outliers.judge(now + time - 1ms, 0b11));
        EXPECT_EQ(outliers.ejected(), 1u);
        now += time;
        EXPECT_TRUE(outliers.judge(now, 0b11));
        EXPECT_EQ(outliers.ejected(), 0u);
    }
    for (int i = 0; i < 60; ++i) outliers.judge(now += 1s, 0b11);
    for (int i = 0; i < 5; ++i) outliers.record(0, false, now, 0b11);
    EXPECT_FALSE(outliers.judge(now + 999ms, 0b11));
    EXPECT_TRUE(outliers.judge(now + 1s, 0b11)) << "a good time makes up for it";
}

TEST(Outliers, ResetForgets) {
    Outliers outliers;
    for (int i = 0; i < 5; ++i) outliers.record(0, false, start, 0b11);
    outliers.reset(0);
    EXPECT_EQ(outliers.ejected(), 0u);
    EXPECT_EQ(outliers.counts(0, start).calls, 0u);
}

/// Fails a share of each member's calls at random, never five in a row.
std::uint64_t after(std::vector<double> const& failing, int calls, unsigned seed) {
    Outliers outliers({.consecutive = 1'000'000});
    std::mt19937 random(seed);
    auto const all = (std::uint64_t{1} << failing.size()) - 1;
    for (int i = 0; i < calls; ++i)
        for (std::size_t m = 0; m < failing.size(); ++m)
            outliers.record(m, double(random() % 1000) >= failing[m] * 1000, start, all);
    outliers.judge(start, all);
    return outliers.ejected();
}

TEST(Outliers, ARateApartFromItsPeersIsOut) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        EXPECT_EQ(after({0.4, 0.01}, 300, seed), 0b01u);
        EXPECT_EQ(after({0.01, 0.4, 0.02}, 300, seed), 0b010u);
        EXPECT_EQ(after({0.01, 0.01, 0.01, 0.01, 0.01, 0.5}, 300, seed), 0b100000u);
    }
}

TEST(Outliers, ARateLikeItsPeersIsNot) {
    int out = 0;
    for (unsigned seed = 0; seed < 100; ++seed) {
        out += after({0.3, 0.3}, 300, seed) != 0;
        out += after({0.05, 0.01}, 300, seed) != 0;
        out += after({1.0, 1.0}, 300, seed) != 0;
        out += after({0.9, 0.0}, 30, seed) != 0;  // too few calls
    }
    EXPECT_LE(out, 2) << "chance alone may do it, seldom";
}

}  // namespace
}  // namespace grover::resilience
