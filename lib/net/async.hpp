// The few combinators that handlers need beside co_await itself.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "net/task.hpp"
#include "net/timer.hpp"

namespace grover::net {

/// Runs blocking `work` on `pool` and resumes on the caller's loop with its result or exception.
template <class Work>
Task<std::invoke_result_t<Work&>> run_blocking(asio::thread_pool& pool, Work work) {
    using Result = std::invoke_result_t<Work&>;
    struct State {
        Work work;
        std::exception_ptr failure;
        std::optional<std::conditional_t<std::is_void_v<Result>, bool, Result>> result;
    };
    auto state = std::make_shared<State>(std::move(work), nullptr,
                                         std::nullopt);  // shared by two threads in turn
    auto executor = co_await this_executor();
    co_await asio::async_initiate<asio::use_awaitable_t<Executor> const, void()>(
        [&pool, executor, state](auto handler) {
            asio::post(pool, [executor, state, handler = std::move(handler)]() mutable {
                try {
                    if constexpr (std::is_void_v<Result>) {
                        state->work();
                        state->result = true;
                    } else {
                        state->result.emplace(state->work());
                    }
                } catch (...) {
                    state->failure = std::current_exception();
                }
                asio::post(executor, std::move(handler));
            });
        },
        use_task);
    if (state->failure) std::rethrow_exception(state->failure);
    if constexpr (!std::is_void_v<Result>) co_return std::move(*state->result);
}

/// Waits on the caller's loop.
inline Task<> pause(std::chrono::steady_clock::duration time) {
    Timer timer(co_await this_executor(), time);
    co_await timer.async_wait(use_task);
}

/// Runs all tasks at once on the caller's loop; results in their order. The first failure is thrown
/// after all ended.
template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks) {
    struct State {
        std::vector<std::optional<T>> results;
        std::exception_ptr failure;
        std::size_t left = 0;
        Timer done;
    };
    auto executor = co_await this_executor();
    State state{{}, nullptr, tasks.size(), Timer(executor)};
    state.done.expires_at(Timer::TimePoint::max());
    state.results.resize(tasks.size());
    for (std::size_t i = 0; i < tasks.size(); ++i)
        asio::co_spawn(executor, std::move(tasks[i]),
                       [&state, i](std::exception_ptr failure, T value) {
                           if (failure)
                               state.failure = state.failure ? state.failure : failure;
                           else
                               state.results[i].emplace(std::move(value));
                           if (--state.left == 0) state.done.cancel();
                       });
    while (state.left > 0) co_await state.done.async_wait(use_tuple);
    if (state.failure) std::rethrow_exception(state.failure);
    std::vector<T> out;
    out.reserve(state.results.size());
    for (auto& result : state.results) out.push_back(std::move(*result));
    co_return out;
}

}  // namespace grover::net
