// The kept connections to one service, per loop: nothing is shared between threads.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "http/head_parser.hpp"
#include "net/endpoint.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

namespace grover::gateway {

/// One HTTP/1.1 connection. A relay has it to itself, and gives it back when the exchange has ended
/// cleanly.
struct Connection {
    static constexpr std::size_t buffer_bytes = 36 << 10;  // the largest head and some body

    explicit Connection(net::Loop& loop) : stream(loop), buffer(new char[buffer_bytes]) {}

    std::string_view bytes() const noexcept { return {buffer.get(), filled}; }

    net::Stream stream;
    std::unique_ptr<char[]> buffer;
    std::size_t filled = 0;
    http::ReplyParser parser;
    bool reused = false;
    std::chrono::steady_clock::time_point idle_since{};
};

class Upstream {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `name` is for errors: "the post service cannot be reached".
    Upstream(net::Loop& loop, std::string name, net::Endpoint endpoint);

    /// A kept connection, or a new one. Throws Error (unavailable) within limits::connect_time_max
    /// when there is none to be had: a service that is down is known at once.
    net::Task<std::unique_ptr<Connection>> take(TimePoint deadline);
    net::Task<std::unique_ptr<Connection>> connect(TimePoint deadline);
    void give_back(std::unique_ptr<Connection> connection);

    std::string const& name() const noexcept { return name_; }
    std::string const& authority() const noexcept { return authority_; }

private:
    void close_idle(TimePoint now);

    net::Loop& loop_;
    std::string name_;
    net::Endpoint endpoint_;
    std::string authority_;
    std::vector<std::unique_ptr<Connection>> idle_;  // the most recently used last
    net::Loop::SweepHandle sweep_;
};

}  // namespace grover::gateway
