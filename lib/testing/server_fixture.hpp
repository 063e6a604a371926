// What tests of servers begin with: two loops and a server on a free port.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "http/server.hpp"
#include "net/loop.hpp"

namespace grover::testing {

/// Waits until `condition` holds, 10 seconds at most; false when it never did.
inline bool eventually(std::function<bool()> const& condition) {
    using namespace std::chrono_literals;
    auto const until = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

class ServerFixture : public ::testing::Test {
protected:
    ServerFixture() { loops_.start(); }
    ~ServerFixture() override { server_.reset(); }

    /// `handler` is a http::Handler or a http::StreamHandler.
    template <class Function>
    http::Server& serve(Function handler, http::ServerOptions options = {},
                        http::AccessObserver observer = {}) {
        server_ = std::make_unique<http::Server>(loops_, std::move(options), std::move(handler),
                                                 std::move(observer));
        server_->start();
        return *server_;
    }

    net::Loops loops_{2};
    std::unique_ptr<http::Server> server_;
};

}  // namespace grover::testing
