// Two connected sockets for tests: streams on a loop, or one stream and a bare descriptor that the
// test treats as the other side.
//
//     testing::StreamPair pair(loop);
//     co_await asio::async_write(*pair.left, asio::buffer("x", 1), net::use_task);
#pragma once

#include <array>
#include <optional>

#include "net/stream.hpp"

namespace grover::testing {

/// Over TCP on loopback, or a unix socket pair. Throws std::system_error.
std::array<int, 2> tcp_pair();
std::array<int, 2> unix_pair();

struct StreamPair {
    explicit StreamPair(net::Loop& loop, std::array<int, 2> ends = unix_pair())
        : left(std::in_place, loop, net::Socket(ends[0])),
          right(std::in_place, loop, net::Socket(ends[1])) {}

    std::optional<net::Stream> left;
    std::optional<net::Stream> right;
};

}  // namespace grover::testing
