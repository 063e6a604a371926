// The few combinators that handlers need beside co_await itself.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <variant>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "net/handover.hpp"
#include "net/task.hpp"
#include "net/timer.hpp"

namespace grover::net {

namespace detail {
template <class Result>
using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
}

/// Runs blocking `work` on `pool` and resumes on the caller's loop with its result or exception;
/// with nothing when it is not there at `until`. `work` then goes on, or begins later, and must own
/// what it uses. A result of void becomes std::monostate.
template <class Work>
auto run_blocking(asio::thread_pool& pool, std::chrono::steady_clock::time_point until, Work work)
    -> Task<std::optional<detail::Value<std::invoke_result_t<Work&>>>> {
    using Value = detail::Value<std::invoke_result_t<Work&>>;
    auto const handover = std::make_shared<Handover<Value>>(co_await this_executor());
    asio::post(pool, [handover, work = std::move(work)]() mutable {
        handover->make([&] {
            if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
                work();
                return Value();
            } else {
                return work();
            }
        });
    });
    if (!co_await handover->wait(until)) co_return std::nullopt;
    co_return handover->take();
}

/// The same however long it takes. `work` may refer to the caller's frame, which waits for it.
template <class Work>
Task<std::invoke_result_t<Work&>> run_blocking(asio::thread_pool& pool, Work work) {
    auto result =
        co_await run_blocking(pool, std::chrono::steady_clock::time_point::max(), std::move(work));
    if constexpr (!std::is_void_v<std::invoke_result_t<Work&>>) co_return *std::move(result);
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
