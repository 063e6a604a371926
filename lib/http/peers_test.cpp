#include "http/peers.hpp"

#include <gtest/gtest.h>

namespace grover::http {
namespace {

TEST(Peers, EachAddressHasItsShare) {
    Peers peers(2);
    EXPECT_TRUE(peers.enter("192.0.2.1"));
    EXPECT_TRUE(peers.enter("192.0.2.1"));
    EXPECT_FALSE(peers.enter("192.0.2.1"));
    EXPECT_TRUE(peers.enter("192.0.2.2"));
    peers.leave("192.0.2.1");
    EXPECT_FALSE(peers.enter("192.0.2.1")) << "the refused one counts until it leaves";
    for (int i = 0; i < 3; ++i) peers.leave("192.0.2.1");
    EXPECT_TRUE(peers.enter("192.0.2.1"));
    peers.leave("192.0.2.1");
    peers.leave("192.0.2.2");
    EXPECT_EQ(peers.size(), 0u) << "nothing is kept of who has left";
}

TEST(Peers, Ipv6CountsByNetwork) {
    Peers peers(1);
    EXPECT_TRUE(peers.enter("2001:db8:0:1::1"));
    EXPECT_FALSE(peers.enter("2001:db8:0:1:ffff::2"));
    EXPECT_TRUE(peers.enter("2001:db8:0:2::1"));
}

TEST(Peers, UnixSocketsAndNoLimitCountNothing) {
    Peers peers(1), unlimited(0);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(peers.enter(""));
        EXPECT_TRUE(peers.enter("unix"));
        EXPECT_TRUE(unlimited.enter("192.0.2.1"));
    }
    EXPECT_EQ(peers.size() + unlimited.size(), 0u);
    peers.leave("192.0.2.9");  // who never came
}

}  // namespace
}  // namespace grover::http
