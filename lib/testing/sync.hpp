// Runs a task on the calling thread, in an event loop of its own, and returns its result.
//
//     auto post = testing::sync(posts.find(id));
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "net/loop.hpp"

namespace grover::testing {

template <class T>
T sync(net::Task<T> task) {
    net::Loop loop(0);
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        net::asio::co_spawn(loop.executor(), std::move(task), [&](std::exception_ptr thrown) {
            failure = thrown;
            loop.stop();
        });
        loop.run();
        if (failure) std::rethrow_exception(failure);
    } else {
        std::optional<T> result;
        net::asio::co_spawn(loop.executor(), std::move(task),
                            [&](std::exception_ptr thrown, T value) {
                                failure = thrown;
                                result.emplace(std::move(value));
                                loop.stop();
                            });
        loop.run();
        if (failure) std::rethrow_exception(failure);
        return *std::move(result);
    }
}

}  // namespace grover::testing
