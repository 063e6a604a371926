// Runs a coroutine on a loop from a test's own thread and waits for its result or exception.
//
//     auto reply = testing::run_on(loops.at(0), [&] { return client.send(request, deadline); });
#pragma once

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "net/loop.hpp"

namespace grover::testing {

template <class Function>
auto run_on(net::Loop& loop, Function function) {
    return boost::asio::co_spawn(loop.executor(), std::move(function), boost::asio::use_future)
        .get();
}

}  // namespace grover::testing
