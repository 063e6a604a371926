#include "resilience/health.hpp"

#include <gtest/gtest.h>

#include <random>

namespace grover::resilience {
namespace {

using Change = Health::Change;

TEST(Health, FallsAndRisesAfterSoMany) {
    Health health({.rise = 2, .fall = 3});
    EXPECT_TRUE(health.up());
    EXPECT_EQ(health.on_probe(true), Change::none);
    EXPECT_EQ(health.on_probe(false), Change::none);
    EXPECT_EQ(health.on_probe(false), Change::none);
    EXPECT_EQ(health.on_probe(true), Change::none) << "in a row, not in all";
    EXPECT_EQ(health.on_probe(false), Change::none);
    EXPECT_EQ(health.on_probe(false), Change::none);
    EXPECT_EQ(health.on_probe(false), Change::down);
    EXPECT_EQ(health.on_probe(true), Change::none);
    EXPECT_EQ(health.on_probe(false), Change::none);
    EXPECT_EQ(health.on_probe(true), Change::none);
    EXPECT_EQ(health.on_probe(true), Change::up);
}

TEST(Health, TheFirstProbeDecidesAlone) {
    Health health;
    EXPECT_EQ(health.on_probe(false), Change::down);
    EXPECT_FALSE(health.up());
}

TEST(Health, WhoGoesIsBelievedAtOnce) {
    Health health;
    EXPECT_EQ(health.take_down(), Change::down);
    EXPECT_EQ(health.take_down(), Change::none);
    EXPECT_EQ(health.on_probe(true), Change::none);
    EXPECT_EQ(health.on_probe(true), Change::up);
}

/// Against the definition: the last `n` probes in a row, and nothing else.
TEST(Health, AgreesWithTheDefinition) {
    std::mt19937 random(7);
    for (unsigned rise = 1; rise < 4; ++rise)
        for (unsigned fall = 1; fall < 4; ++fall) {
            Health health({rise, fall});
            bool up = true;
            unsigned row = 0;
            bool last = true;
            for (int i = 0; i < 2000; ++i) {
                bool const good = random() % 2;
                row = good == last ? row + 1 : 1;
                last = good;
                auto const needed = i == 0 ? 1 : up ? fall : rise;
                if (good != up && row >= needed) up = good;
                health.on_probe(good);
                ASSERT_EQ(health.up(), up) << i;
            }
        }
}

}  // namespace
}  // namespace grover::resilience
