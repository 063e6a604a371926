#include "http/coding/negotiation.hpp"

#include <gtest/gtest.h>

#include <array>

namespace grover::http {
namespace {

constexpr std::array offered{Coding::zstd, Coding::br, Coding::gzip};

std::string_view chosen(std::string_view accept_encoding) {
    return name_of(choose_coding(accept_encoding, offered));
}

TEST(Negotiation, TakesTheBestLikedAndOursAmongEquals) {
    EXPECT_EQ(chosen("gzip"), "gzip");
    EXPECT_EQ(chosen("gzip, deflate, br"), "br");
    EXPECT_EQ(chosen("gzip, deflate, br, zstd"), "zstd");
    EXPECT_EQ(chosen("zstd;q=0.5, gzip;q=0.9"), "gzip");
    EXPECT_EQ(chosen("zstd;q=0.001"), "zstd");
    EXPECT_EQ(chosen("*"), "zstd");
    EXPECT_EQ(chosen("*;q=0.5, br;q=0.8"), "br");
    EXPECT_EQ(chosen("*, zstd;q=0"), "br");
    EXPECT_EQ(chosen("x-gzip"), "gzip");
    EXPECT_EQ(chosen("GZIP ; Q=1.000"), "gzip");
    EXPECT_EQ(chosen("identity;q=0.5, gzip;q=0.5"), "gzip");
    EXPECT_EQ(chosen(",, gzip ,"), "gzip");
    EXPECT_EQ(chosen("identity;q=0"), "identity");
    EXPECT_EQ(chosen("identity;q=0, gzip"), "gzip");
}

TEST(Negotiation, LeavesAloneWhatIsNotWanted) {
    for (auto const* field :
         {"", "identity", "deflate", "compress, deflate", "gzip;q=0", "*;q=0", "gzip;q=0, *;q=0",
          "identity, gzip;q=0.5", "identity;q=1, *;q=0.9", "gzip;q=0.0", "gzip;q=0.000"})
        EXPECT_EQ(chosen(field), "identity") << field;
}

TEST(Negotiation, PassesOverWhatIsMalformed) {
    for (auto const* field :
         {"gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=0.12345", "gzip;q=-1", "gzip;q=a",
          "gzip;q=1,5", ";q=1", "\"gzip\"", "gzip=1", "gz ip", "gzip;q=.5", "gzip\x01"})
        EXPECT_NE(chosen(field), "zstd") << field;
    EXPECT_EQ(chosen("gzip;q=nonsense, br"), "br");
    EXPECT_EQ(chosen("\"unterminated, gzip"), "identity");
    EXPECT_EQ(chosen(std::string(100'000, ',') + "br"), "br");
}

TEST(Negotiation, OffersNothingElse) {
    constexpr std::array gzip{Coding::gzip};
    EXPECT_EQ(choose_coding("br, zstd", gzip), Coding::identity);
    EXPECT_EQ(choose_coding("gzip", {}), Coding::identity);
}

TEST(Negotiation, KnowsTypesThatShrink) {
    for (auto const* type : {"application/json", "application/problem+json; charset=utf-8",
                             "text/html", "TEXT/CSS", "image/svg+xml", "application/wasm"})
        EXPECT_TRUE(is_compressible(type)) << type;
    for (auto const* type : {"", "text", "image/png", "video/mp4", "application/octet-stream",
                             "text/event-stream", "application/zip", "json", "application/x+zip"})
        EXPECT_FALSE(is_compressible(type)) << type;
}

TEST(Negotiation, EncodesAWholeLargeTextWithoutSecrets) {
    EncodingFacts const good{.content_type = "application/json", .length = 5000};
    EXPECT_TRUE(may_encode(good));
    auto const but = [&](auto change) {
        auto facts = good;
        change(facts);
        return may_encode(facts);
    };
    EXPECT_TRUE(but([](auto& f) { f.length = {}; }));
    EXPECT_TRUE(but([](auto& f) { f.content_encoding = "identity"; }));
    EXPECT_TRUE(but([](auto& f) { f.status = 404; }));
    EXPECT_FALSE(but([](auto& f) { f.length = 100; }));
    EXPECT_FALSE(but([](auto& f) { f.length = 0; }));
    EXPECT_FALSE(but([](auto& f) { f.content_encoding = "br"; }));
    EXPECT_FALSE(but([](auto& f) { f.content_type = "image/png"; }));
    EXPECT_FALSE(but([](auto& f) { f.cache_control = "max-age=5, No-Transform"; }));
    EXPECT_FALSE(but([](auto& f) { f.sets_cookie = true; }));
    EXPECT_FALSE(but([](auto& f) { f.is_range = true; }));
    for (int const status : {101, 204, 206, 304})
        EXPECT_FALSE(but([&](auto& f) { f.status = status; })) << status;
}

TEST(Negotiation, WeakensATagOnce) {
    EXPECT_EQ(weak_etag("\"abc\""), "W/\"abc\"");
    EXPECT_EQ(weak_etag("W/\"abc\""), "W/\"abc\"");
    EXPECT_EQ(weak_etag(""), "");
}

}  // namespace
}  // namespace grover::http
