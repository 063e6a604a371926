#include "net/network.hpp"

#include <gtest/gtest.h>

namespace grover::net {
namespace {

bool is_in(std::string_view network, std::string_view address) {
    auto const parsed = Network::parse(network);
    EXPECT_TRUE(parsed) << network;
    return parsed && parsed->contains(address);
}

TEST(Network, HasItsAddresses) {
    EXPECT_TRUE(is_in("10.0.0.0/8", "10.255.1.2"));
    EXPECT_FALSE(is_in("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(is_in("10.1.2.128/25", "10.1.2.200"));
    EXPECT_FALSE(is_in("10.1.2.128/25", "10.1.2.127"));
    EXPECT_TRUE(is_in("127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(is_in("127.0.0.1", "127.0.0.2"));
    EXPECT_TRUE(is_in("0.0.0.0/0", "8.8.8.8"));
    EXPECT_FALSE(is_in("0.0.0.0/0", "::1"));
    EXPECT_TRUE(is_in("fd00::/8", "fd12::1"));
    EXPECT_TRUE(is_in("::/0", "::1"));
    EXPECT_TRUE(is_in("10.0.0.0/8", "::ffff:10.0.0.1"));
    EXPECT_TRUE(is_in("unix", "unix"));
    EXPECT_FALSE(is_in("unix", "127.0.0.1"));
}

TEST(Network, WhatIsNoAddressIsInNone) {
    for (auto const* text : {"", "unix", "host", "1.2.3", "1.2.3.4.5", "1.2.3.4:80", "1.2.3.4 ",
                             "[::1]", "300.0.0.1", "::1::"})
        EXPECT_FALSE(is_in("0.0.0.0/0", text)) << text;
    EXPECT_FALSE(is_in("0.0.0.0/0", std::string(1000, '1')));
}

TEST(Network, RefusesOtherForms) {
    for (auto const* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                             "10.0.0.1/8", "::/129", "fd00::1/8", "host", "Unix", "10.0.0.0/8/8"})
        EXPECT_FALSE(Network::parse(text)) << text;
}

}  // namespace
}  // namespace grover::net
