#include "gateway/cache/answer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "gateway/cache/test_messages.hpp"

namespace grover::gateway::cache {
namespace {

constexpr std::array offered{http::Coding::br, http::Coding::gzip};

class CacheAnswer : public ::testing::Test {
protected:
    CacheAnswer() {
        entry_.fields.add("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        entry_.fields.add("Content-Type", "text/plain");
        entry_.fields.add("ETag", "\"a\"");
        entry_.fields.add("Last-Modified", "Sun, 06 Nov 1994 07:49:37 GMT");
        entry_.freshness = {.received = then, .initial_age_ms = 2000, .lifetime_ms = 60'000};
        fill("0123456789");
    }
    void fill(std::string content) {
        entry_.body = std::make_shared<Body const>(std::move(content));
    }
    struct Sent {
        int status;
        std::string body;
        std::map<std::string, std::string> fields;
    };
    Sent send(std::string_view fields, Offer const& offer = {}, std::string_view method = "GET") {
        RequestText const request(fields, method);
        auto const answer = make_answer(request.head(), entry_, offer, after(5));
        Sent out{answer.status, std::string(answer.body), {}};
        for_each_field(answer, [&](std::string_view name, std::string_view value) {
            EXPECT_TRUE(out.fields.emplace(name, value).second) << name;
        });
        return out;
    }

    Entry entry_;
};

TEST_F(CacheAnswer, IsWholeWithItsAge) {
    auto const sent = send("");
    EXPECT_EQ(sent.status, 200);
    EXPECT_EQ(sent.body, "0123456789");
    EXPECT_EQ(sent.fields.at("Age"), "7");
    EXPECT_EQ(sent.fields.size(), 5u);
}

TEST_F(CacheAnswer, IsA304ForWhoHasIt) {
    for (auto const* fields :
         {"If-None-Match: \"a\"\r\n", "If-None-Match: \"x\", W/\"a\"\r\n", "If-None-Match: *\r\n",
          "If-Modified-Since: Sun, 06 Nov 1994 07:49:37 GMT\r\n",
          "If-Modified-Since: Sunday, 06-Nov-94 08:00:00 GMT\r\n",
          "If-None-Match: \"a\"\r\nIf-Modified-Since: Sun, 06 Nov 1904 07:49:37 GMT\r\n",
          "If-None-Match: \"a\"\r\nRange: bytes=0-1\r\n"}) {
        auto const sent = send(fields);
        EXPECT_EQ(sent.status, 304) << fields;
        EXPECT_EQ(sent.body, "");
        EXPECT_EQ(sent.fields.at("ETag"), "\"a\"");
        EXPECT_FALSE(sent.fields.contains("Content-Type"));
    }
}

TEST_F(CacheAnswer, IsA200ForWhoHasNot) {
    for (auto const* fields :
         {"If-None-Match: \"b\"\r\n", "If-None-Match:\r\n", "If-None-Match: a\r\n",
          "If-Modified-Since: Sun, 06 Nov 1994 07:49:36 GMT\r\n", "If-Modified-Since: never\r\n",
          "If-None-Match: \"b\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 07:49:37 GMT\r\n"})
        EXPECT_EQ(send(fields).status, 200) << fields;
    entry_.status = 404;
    EXPECT_EQ(send("If-None-Match: \"a\"\r\n").status, 404);
}

TEST_F(CacheAnswer, IsThePartThatIsAskedFor) {
    auto const part = [&](std::string const& range) { return send("Range: " + range + "\r\n"); };
    EXPECT_EQ(part("bytes=0-1").body, "01");
    EXPECT_EQ(part("bytes=0-1").fields.at("Content-Range"), "bytes 0-1/10");
    EXPECT_EQ(part("bytes=8-").body, "89");
    EXPECT_EQ(part("bytes=-3").body, "789");
    EXPECT_EQ(part("bytes=-30").body, "0123456789");
    EXPECT_EQ(part("BYTES = 9-99999999").body, "9");
    EXPECT_EQ(part("bytes=0-0").status, 206);
    for (auto const* none : {"bytes=10-", "bytes=99-100", "bytes=-0"}) {
        EXPECT_EQ(part(none).status, 416) << none;
        EXPECT_EQ(part(none).fields.at("Content-Range"), "bytes */10");
        EXPECT_EQ(part(none).body, "");
    }
}

TEST_F(CacheAnswer, IsWholeForARangeThatIsNone) {
    for (auto const* range :
         {"bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=1", "lines=0-1", "0-1",
          "bytes=0-1,3-4", "bytes=0-1x", "bytes=-1-", "bytes=99999999999999999999-", "bytes=0x1-"})
        EXPECT_EQ(send("Range: " + std::string(range) + "\r\n").body, "0123456789") << range;
    EXPECT_EQ(send("Range: bytes=0-1\r\n", {}, "HEAD").status, 200);
    EXPECT_EQ(send("Range: bytes=0-1\r\nIf-Range: \"b\"\r\n").status, 200);
    EXPECT_EQ(send("Range: bytes=0-1\r\nIf-Range: W/\"a\"\r\n").status, 200);
    EXPECT_EQ(send("Range: bytes=0-1\r\nIf-Range: \"a\"\r\n").status, 206);
    EXPECT_EQ(send("Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 07:49:37 GMT\r\n").status, 206);
    fill("");
    EXPECT_EQ(send("Range: bytes=0-1\r\n").status, 200);
}

TEST_F(CacheAnswer, IsEncodedOncePerCoding) {
    fill(std::string(5000, 'a'));
    Offer const offer{offered, 1024};
    auto const plain = send("", offer);
    EXPECT_EQ(plain.fields.at("Vary"), "Accept-Encoding");
    EXPECT_EQ(plain.fields.at("ETag"), "\"a\"");
    auto const coded = send("Accept-Encoding: gzip\r\n", offer);
    EXPECT_EQ(coded.fields.at("Content-Encoding"), "gzip");
    EXPECT_EQ(coded.fields.at("ETag"), "W/\"a\"");
    EXPECT_LT(coded.body.size(), 500u);
    auto const* form = entry_.body->coded(http::Coding::gzip);
    ASSERT_NE(form, nullptr);
    send("Accept-Encoding: gzip\r\n", offer);
    EXPECT_EQ(entry_.body->coded(http::Coding::gzip), form);
    EXPECT_EQ(entry_.body->coded(http::Coding::br), nullptr);
    auto const unmodified = send("Accept-Encoding: gzip\r\nIf-None-Match: W/\"a\"\r\n", offer);
    EXPECT_EQ(unmodified.status, 304);
    EXPECT_EQ(unmodified.fields.at("ETag"), "W/\"a\"");
    auto const part = send("Accept-Encoding: gzip\r\nRange: bytes=0-9\r\n", offer);
    EXPECT_EQ(part.body, "aaaaaaaaaa");
    EXPECT_FALSE(part.fields.contains("Content-Encoding"));
}

TEST_F(CacheAnswer, VaryIsWidenedAndNotReplaced) {
    fill(std::string(5000, 'a'));
    entry_.fields.add("Vary", "Foo");
    EXPECT_EQ(send("", {offered, 1024}).fields.at("Vary"), "Foo, Accept-Encoding");
    EXPECT_EQ(send("").fields.at("Vary"), "Foo");
}

TEST_F(CacheAnswer, IsNotEncodedWhenSmallOrForbidden) {
    EXPECT_FALSE(send("Accept-Encoding: gzip\r\n", {offered, 1024}).fields.contains("Vary"));
    fill(std::string(5000, 'a'));
    entry_.fields.add("Cache-Control", "no-transform");
    auto const sent = send("Accept-Encoding: gzip\r\n", {offered, 1024});
    EXPECT_EQ(sent.body.size(), 5000u);
    EXPECT_FALSE(sent.fields.contains("Vary"));
}

}  // namespace
}  // namespace grover::gateway::cache
