#include "http/body_framing.hpp"

#include <gtest/gtest.h>

#include <string>

namespace grover::http {
namespace {

using namespace std::string_literals;

struct Read {
    std::string content;
    std::size_t used = 0;
    bool complete = false;
    bool malformed = false;
    bool operator==(Read const&) const = default;
};

/// Feeds `bytes` in blocks of `block` bytes, as content and as a relay: both must agree.
Read read(BodyFraming body, std::string_view bytes, std::size_t block) {
    Read out;
    auto relay = body;
    std::size_t relayed = 0;
    for (std::size_t at = 0; at < bytes.size(); at += block) {
        auto rest = bytes.substr(at, block);
        relayed += relay.skip(rest);
        while (!rest.empty() && !body.complete() && !body.malformed()) {
            auto const step = body.next(rest);
            out.content += step.content;
            out.used += step.used;
            rest.remove_prefix(step.used);
        }
    }
    EXPECT_EQ(relayed, out.used);
    EXPECT_EQ(relay.complete(), body.complete());
    out.complete = body.complete();
    out.malformed = body.malformed();
    return out;
}

Read read_in_all_blocks(BodyFraming const& body, std::string_view bytes) {
    auto const whole = read(body, bytes, bytes.size() + 1);
    for (std::size_t block = 1; block <= bytes.size(); ++block)
        EXPECT_EQ(read(body, bytes, block), whole) << "in blocks of " << block;
    return whole;
}

TEST(BodyFraming, EndsALengthWhereItEnds) {
    auto const out = read_in_all_blocks(BodyFraming::of_length(5), "helloGET /");
    EXPECT_EQ(out, (Read{"hello", 5, true, false}));
    EXPECT_TRUE(BodyFraming::of_length(0).complete());
    EXPECT_TRUE(BodyFraming::none().complete());
    EXPECT_FALSE(read(BodyFraming::of_length(6), "hello", 9).complete);
}

TEST(BodyFraming, NeverEndsUntilClose) {
    auto const out = read_in_all_blocks(BodyFraming::until_close(), "anything\r\n\r\n");
    EXPECT_EQ(out, (Read{"anything\r\n\r\n", 12, false, false}));
}

struct Chunks {
    std::string bytes;
    std::string content;
};

TEST(BodyFraming, TakesContentOutOfChunks) {
    for (auto const& [bytes, content] : {
             Chunks{"0\r\n\r\n", ""},
             Chunks{"5\r\nhello\r\n0\r\n\r\n", "hello"},
             Chunks{"1\r\na\r\nA\r\n0123456789\r\n00000\r\n\r\n", "a0123456789"},
             Chunks{"000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
             Chunks{"3;name\r\nabc\r\n0;last=1\r\n\r\n", "abc"},
             Chunks{"3;a=\"b;\tc\"\r\nabc\r\n0\r\n\r\n", "abc"},
             Chunks{"3\r\nabc\r\n0\r\nA: b\r\nX-Sum:\r\n\r\n", "abc"},
             Chunks{"4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"},
         }) {
        auto const out = read_in_all_blocks(BodyFraming::chunked(), bytes + "GET / HTTP/1.1");
        EXPECT_EQ(out, (Read{content, bytes.size(), true, false})) << bytes;
    }
}

TEST(BodyFraming, RefusesBrokenChunks) {
    for (auto const& bytes : {
             // sizes
             "\r\n"s,
             "x\r\n"s,
             "+3\r\nabc\r\n"s,
             "-3\r\nabc\r\n"s,
             "0x3\r\nabc\r\n"s,
             "3_\r\nabc\r\n"s,
             " 3\r\nabc\r\n"s,
             "3 \r\nabc\r\n"s,
             "3\t\r\nabc\r\n"s,
             ";ext\r\n"s,
             "3.0\r\nabc\r\n"s,
             "11111111111111111\r\n"s,
             "ffffffffffffffff\r\n"s,
             "8000000000000000\r\n"s,
             "00000000000000003\r\nabc"s,
             // line ends
             "3\nabc\r\n"s,
             "3\r\r\nabc"s,
             "3\rXabc"s,
             "3\r\nabc\n0\r\n\r\n"s,
             "3\r\nabcXX0\r\n"s,
             "3\r\nabc0\r\n\r\n"s,
             "3\r\nabcd\r\n0\r\n\r\n"s,
             "3\r\nabc\r\n\r\n0\r\n\r\n"s,
             "0\r\n\n"s,
             "0\r\n\rX"s,
             "0\n\n"s,
             // extensions
             "3;a\nb\r\nabc"s,
             "3;a\rb\r\nabc"s,
             "3;a\0\r\nabc"s,
             "3;" + std::string(300, 'a'),
             // trailers
             "0\r\nContent-Length: 5\r\n\r\n"s,
             "0\r\ntransfer-encoding: chunked\r\n\r\n"s,
             "0\r\nHost: x\r\n\r\n"s,
             "0\r\nA : b\r\n\r\n"s,
             "0\r\n A: b\r\n\r\n"s,
             "0\r\nA: b\r\n c\r\n\r\n"s,
             "0\r\nno colon\r\n\r\n"s,
             "0\r\n: b\r\n\r\n"s,
             "0\r\nA: b\n\r\n"s,
             "0\r\nA: \x01\r\n\r\n"s,
             "0\r\nA: " + std::string(40 << 10, 'a') + "\r\n\r\n",
         }) {
        auto const out = bytes.size() < 1000 ? read_in_all_blocks(BodyFraming::chunked(), bytes)
                                             : read(BodyFraming::chunked(), bytes, 4096);
        EXPECT_TRUE(out.malformed) << bytes;
        EXPECT_FALSE(out.complete) << bytes;
    }
}

TEST(BodyFraming, WaitsForTheRest) {
    for (auto const* bytes : {"", "5", "5\r", "5\r\n", "5\r\nhell", "5\r\nhello", "5\r\nhello\r\n",
                              "5\r\nhello\r\n0", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\n\r"}) {
        auto const out = read(BodyFraming::chunked(), bytes, 99);
        EXPECT_FALSE(out.complete) << bytes;
        EXPECT_FALSE(out.malformed) << bytes;
        EXPECT_EQ(out.used, std::string_view(bytes).size());
    }
}

}  // namespace
}  // namespace grover::http
