// The coroutine type of the whole project, on the concrete executor of a Loop: no type erasure per
// operation. Rules for coroutines are in docs/coroutines.md.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/executor.hpp"

namespace grover::net {

template <class T = void>
using Task = asio::awaitable<T, Executor>;

/// co_await stream.async_read_some(buffer, use_task): throws boost::system::system_error.
inline constexpr asio::use_awaitable_t<Executor> use_task{};
/// auto [ec, n] = co_await stream.async_read_some(buffer, use_tuple): the error as a value.
inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable_t<Executor>{});

/// The executor of the running coroutine.
inline auto this_executor() {
    return asio::this_coro::executor;
}

}  // namespace grover::net
