// Runs a task on the calling thread, in an event loop of its own, and returns its result.
//
//     auto post = testing::sync(posts.find(id));
#pragma once

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "net/task.hpp"

namespace grover::testing {

template <class T>
T sync(net::Task<T> task) {
    boost::asio::io_context context(1);
    auto result = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
    context.run();
    return result.get();
}

}  // namespace grover::testing
