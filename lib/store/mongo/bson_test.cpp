// What operators may have written by hand (mongosh), as JSON.
#include "store/mongo/bson.hpp"

#include <gtest/gtest.h>

namespace grover::store::mongo {
namespace {

json::value first_of(Bson const& document) {
    bson_iter_t at;
    if (!bson_iter_init(&at, document) || !bson_iter_next(&at)) return nullptr;
    return to_json(at, {});
}

json::value decimal(char const* text) {
    bson_decimal128_t number;
    EXPECT_TRUE(bson_decimal128_from_string(text, &number)) << text;
    Bson document;
    bson_append_decimal128(document.raw(), "v", 1, &number);
    return first_of(document);
}

TEST(Bson, ADecimalIsANumber) {
    EXPECT_EQ(decimal("42"), json::value(42));
    EXPECT_EQ(decimal("-7"), json::value(-7));
    EXPECT_EQ(decimal("1.5"), json::value(1.5));
    EXPECT_EQ(decimal("3E+2"), json::value(300.0));
    EXPECT_EQ(decimal("10000000000000000000"), json::value(1e19));
    EXPECT_EQ(decimal("9223372036854775807"), json::value(9223372036854775807));
}

TEST(Bson, ADecimalThatIsNoNumberOfJsonIsText) {
    EXPECT_EQ(decimal("NaN"), json::value("NaN"));
    EXPECT_EQ(decimal("Infinity"), json::value("Infinity"));
    EXPECT_EQ(decimal("1E+6000"), json::value("1E+6000"));
}

TEST(Bson, WhatJsonHasNothingForIsReadable) {
    Bson binary;
    std::uint8_t const bytes[] = {1, 2, 3};
    bson_append_binary(binary.raw(), "v", 1, BSON_SUBTYPE_BINARY, bytes, sizeof bytes);
    EXPECT_EQ(first_of(binary),
              (json::value{{"$binary", {{"base64", "AQID"}, {"subType", "00"}}}}));
    Bson time;
    bson_append_timestamp(time.raw(), "v", 1, 7, 1);
    EXPECT_EQ(first_of(time), (json::value{{"$timestamp", {{"t", 7}, {"i", 1}}}}));
    Bson end;
    bson_append_maxkey(end.raw(), "v", 1);
    EXPECT_EQ(first_of(end), (json::value{{"$maxKey", 1}}));
}

TEST(Bson, IntegersOf32BitsAndDatesAreWhatTheApiShows) {
    Bson number;
    bson_append_int32(number.raw(), "v", 1, 3);
    EXPECT_EQ(first_of(number), json::value(3));
    Bson date;
    bson_append_date_time(date.raw(), "v", 1, 0);
    EXPECT_EQ(first_of(date), json::value("1970-01-01T00:00:00.000Z"));
}

}  // namespace
}  // namespace grover::store::mongo
