// The server alone: GET anything answers a small JSON. What nginx's `return 200` is compared with.
//
//     grover-bench-hello [PORT [LOOPS]]
#include <fmt/core.h>

#include <csignal>
#include <cstdlib>

#include <boost/asio/signal_set.hpp>

#include "base/config.hpp"
#include "http/server.hpp"

namespace {

using namespace grover;

net::Task<http::Response> hello(http::Request&) {
    co_return http::Response::json(200, R"({"message":"Hello, world","id":42})");
}

}  // namespace

int main(int count, char** arguments) {
    auto const number = [&](int at, int fallback) {
        return count > at ? std::atoi(arguments[at]) : fallback;
    };
    net::Loops loops(static_cast<std::size_t>(number(2, 1)));
    http::Server server(loops, {.port = static_cast<std::uint16_t>(number(1, 0))}, hello);
    try {
        server.start();
    } catch (ConfigError const& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
    boost::asio::io_context waiting;
    boost::asio::signal_set signals(waiting, SIGINT, SIGTERM);
    signals.async_wait([](auto, int) {});
    loops.start();
    fmt::print("http://127.0.0.1:{}\n", server.port());
    std::fflush(stdout);
    waiting.run();
    server.drain(limits::drain_time_max);
    loops.stop();
    return 0;
}
