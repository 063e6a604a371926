#include "http/websocket_frames.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace grover::http::websocket {
namespace {

using namespace std::string_literals;

std::string frame(int opcode, std::size_t size, bool masked) {
    std::string out(1, static_cast<char>(opcode));
    auto const bit = masked ? 0x80 : 0;
    if (size < 126) {
        out += static_cast<char>(bit | static_cast<int>(size));
    } else if (size < 65'536) {
        out += static_cast<char>(bit | 126);
        out += {static_cast<char>(size >> 8), static_cast<char>(size)};
    } else {
        out += static_cast<char>(bit | 127);
        for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift);
    }
    if (masked) out += "mask";
    return out + std::string(size, '\x88');  // looks like the beginning of a Close
}

TEST(FrameFollower, KnowsWhereFramesEnd) {
    for (bool const masked : {false, true})
        for (std::size_t const size : {0u, 1u, 2u, 125u, 126u, 127u, 65'535u, 65'536u, 200'000u})
            for (int const opcode : {0x00, 0x01, 0x02, 0x80, 0x81, 0xc2, 0x89, 0x8a}) {
                auto const one = frame(opcode, size, masked);
                for (std::size_t const step : {std::size_t{1}, std::size_t{7}, one.size()}) {
                    FrameFollower follower;
                    EXPECT_TRUE(follower.takes_another());
                    for (int round = 0; round < 2; ++round)
                        for (std::size_t at = 0; at < one.size(); at += step) {
                            auto const piece = std::string_view(one).substr(at, step);
                            follower.follow(piece);
                            ASSERT_EQ(follower.takes_another(), at + piece.size() == one.size())
                                << size << " in steps of " << step << " at " << at;
                        }
                }
            }
}

TEST(FrameFollower, KnowsManyFramesInOnePiece) {
    auto const three = frame(0x81, 5, true) + frame(0x89, 0, true) + frame(0x82, 300, true);
    FrameFollower follower;
    follower.follow(three);
    EXPECT_TRUE(follower.takes_another());
    follower.follow(three + "\x81"s);
    EXPECT_FALSE(follower.takes_another());
}

TEST(FrameFollower, NothingComesBehindAClose) {
    FrameFollower follower;
    follower.follow(frame(0x81, 5, false) + close_frame(1000, ""));
    EXPECT_FALSE(follower.takes_another());
    follower.follow(frame(0x81, 5, false));
    EXPECT_FALSE(follower.takes_another());
}

TEST(FrameFollower, WhatIsNoFrameIsFollowedAllTheSame) {
    FrameFollower follower;
    follower.follow("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s);  // longer than can be
    follower.follow(std::string(100'000, '\0'));
    EXPECT_FALSE(follower.takes_another());
    FrameFollower text;
    text.follow("GET / HTTP/1.1\r\n\r\n");
    text.follow("");
}

TEST(CloseFrame, SaysCodeAndReason) {
    EXPECT_EQ(close_frame(1001, ""), "\x88\x02\x03\xe9"s);
    EXPECT_EQ(close_frame(1008, "revoked"), "\x88\x09\x03\xf0revoked"s);
    auto const masked = close_frame(1001, "ab", 0x04030201);
    EXPECT_EQ(masked, "\x88\x84\x01\x02\x03\x04"s + "\x02\xeb"s + "\x62\x66"s);
    auto const longest = close_frame(1001, std::string(200, 'x'));
    EXPECT_EQ(longest.size(), 2u + 125u);
    FrameFollower follower;
    follower.follow(longest.substr(0, longest.size() - 1));
    EXPECT_FALSE(follower.takes_another());
}

}  // namespace
}  // namespace grover::http::websocket
