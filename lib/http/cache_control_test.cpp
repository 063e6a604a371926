#include "http/cache_control.hpp"

#include <gtest/gtest.h>

namespace grover::http {
namespace {

CacheControl parse(std::string_view line) {
    CacheControl out;
    out.add(line);
    return out;
}

RequestCacheControl parse_request(std::string_view line) {
    RequestCacheControl out;
    out.add(line);
    return out;
}

TEST(CacheControl, ReadsDirectives) {
    auto const control = parse(
        "MAX-age=60, s-maxage=\"30\" ,, no-transform, public, must-revalidate, "
        "stale-while-revalidate=5, stale-if-error=10, unknown, unknown=\"a, b\"");
    EXPECT_EQ(control.max_age, 60u);
    EXPECT_EQ(control.s_maxage, 30u);
    EXPECT_EQ(control.stale_while_revalidate, 5u);
    EXPECT_EQ(control.stale_if_error, 10u);
    EXPECT_TRUE(control.no_transform && control.is_public && control.must_revalidate);
    EXPECT_FALSE(control.no_store || control.no_cache || control.is_private);
}

TEST(CacheControl, SeveralLinesAreOneList) {
    CacheControl control;
    EXPECT_FALSE(control.present);
    control.add("max-age=3600");
    control.add("s-maxage=1");
    EXPECT_EQ(control.max_age, 3600u);
    EXPECT_EQ(control.s_maxage, 1u);
}

TEST(CacheControl, OfTwoLifetimesTheShorterCounts) {
    EXPECT_EQ(parse("max-age=1800, max-age=1").max_age, 1u);
    EXPECT_EQ(parse("max-age=1, max-age=1800").max_age, 1u);
}

TEST(CacheControl, ALifetimeThatIsNoneIsZero) {
    for (auto const* line :
         {"max-age", "max-age=", "max-age=-1", "max-age='60'", "max-age=60a", "max-age=a60",
          "max-age=6.0", "max-age = 60", "max-age= 60", "max-age =60", "max-age=\"60",
          "max-age=60=60", "max-age=\"\"", "max-age=0x10", "max-age=+60"})
        EXPECT_EQ(parse(line).max_age, 0u) << line;
}

TEST(CacheControl, LifetimesAreBounded) {
    EXPECT_EQ(parse("max-age=2147483647").max_age, 2147483647u);
    EXPECT_EQ(parse("max-age=2147483649").max_age, delta_seconds_max);
    EXPECT_EQ(parse("max-age=99999999999999999999999999").max_age, delta_seconds_max);
    EXPECT_EQ(parse("max-age=003600").max_age, 3600u);
}

TEST(CacheControl, WhatIsInQuotesIsNoDirective) {
    EXPECT_EQ(parse("extension=\"max-age=3600\", max-age=1").max_age, 1u);
    EXPECT_EQ(parse("max-age=\"1\", extension=\"max-age=3600\"").max_age, 1u);
    EXPECT_FALSE(parse("extension=\"no-store, \\\", no-store\"").no_store);
    EXPECT_FALSE(parse("extension=\"no-store").no_store);
}

TEST(CacheControl, FieldNamesNarrowADirective) {
    auto const control = parse("no-cache=\"a, Set-Cookie\", private=\"x\"");
    EXPECT_FALSE(control.no_cache || control.is_private);
    EXPECT_EQ(control.fields, (std::vector<std::string>{"a", "Set-Cookie", "x"}));
    for (auto const* line : {"no-cache", "no-cache=", "no-cache=a", "no-cache=\"\"",
                             "no-cache=\"a b\"", "no-cache=\"a", "No-CACHE"})
        EXPECT_TRUE(parse(line).no_cache) << line;
}

TEST(CacheControl, ReadsWhatARequestAsks) {
    auto const asked = parse_request("max-age=10, min-fresh=5, no-cache, only-if-cached");
    EXPECT_EQ(asked.max_age, 10u);
    EXPECT_EQ(asked.min_fresh, 5u);
    EXPECT_TRUE(asked.no_cache && asked.only_if_cached);
    EXPECT_EQ(parse_request("max-stale").max_stale, delta_seconds_max);
    EXPECT_EQ(parse_request("max-stale=30").max_stale, 30u);
    EXPECT_FALSE(parse_request("max-stale=x").max_stale);
    EXPECT_EQ(parse_request("max-age=x").max_age, 0u);
    EXPECT_FALSE(parse_request("max-age-ish=5, \"no-store\"").no_store);
}

TEST(TargetedCacheControl, IsADictionaryOrNothing) {
    auto const control = parse_targeted(
        "max-age=60, no-store=?0, s-maxage=5;x=1;y, private, "
        "ext=(1 \"a\" b), other=:aGk=:, z=1.5");
    ASSERT_TRUE(control);
    EXPECT_EQ(control->max_age, 60u);
    EXPECT_EQ(control->s_maxage, 5u);
    EXPECT_TRUE(control->is_private);
    EXPECT_FALSE(control->no_store);
    EXPECT_EQ(parse_targeted("max-age=99999999999")->max_age, delta_seconds_max);
    EXPECT_EQ(parse_targeted("max-age=1, max-age=2")->max_age, 2u);
}

TEST(TargetedCacheControl, BrokenOnesAreIgnored) {
    for (auto const* value : {"",
                              " ",
                              "max-age=10000, &&&&&",
                              "max-age=\"10000\"",
                              "MaX-aGe=3600",
                              "max-age=60,",
                              ",max-age=60",
                              "max-age =60",
                              "max-age= 60",
                              "max-age=-60",
                              "max-age=6.5",
                              "max-age",
                              "max-age=60 no-store",
                              "a=(1 2",
                              "a=\"x",
                              "a=:x",
                              "a=?2",
                              "a=1234567890123456",
                              "a=1.",
                              "a=1.2345",
                              "a=;b",
                              "a;=1",
                              "=1",
                              "a=\"\\x\"",
                              "a=\"\x7f\"",
                              "a=(1,2)"})
        EXPECT_FALSE(parse_targeted(value)) << value;
}

TEST(SurrogateControl, MayBeAimedAtOthers) {
    EXPECT_EQ(parse_surrogate("max-age=3600", "grover")->max_age, 3600u);
    EXPECT_EQ(parse_surrogate("MaX-aGe=3600;grover", "grover")->max_age, 3600u);
    EXPECT_EQ(parse_surrogate("max-age=10;other, max-age=3600;grover", "grover")->max_age, 3600u);
    EXPECT_TRUE(parse_surrogate("no-store", "grover")->no_store);
    for (auto const* value : {"", ",", "max-age=3600;other", "no-store;other", ";grover"})
        EXPECT_FALSE(parse_surrogate(value, "grover")) << value;
}

}  // namespace
}  // namespace grover::http
