// The time by which what a coroutine does must be done, known without being passed from call to
// call.
//
//     net::WithDeadline const until(request.deadline);    // in the coroutine that serves a request
//     co_await store.get("posts", id);                    // ends by then, with an Error
//
// It belongs to a coroutine and not to its thread: every job of a loop remembers the deadline under
// which it was made (net/job.hpp), so what a coroutine awaits or spawns goes on under its deadline.
// What other threads and Asio's own timers post has none, and nobody ever gets another's. Costs a
// load and a store per job.
#pragma once

#include <algorithm>
#include <chrono>

namespace grover::net {

namespace detail {
inline constinit thread_local auto current_deadline = std::chrono::steady_clock::time_point::max();
}

/// Of the running coroutine; the end of time when it has none.
inline std::chrono::steady_clock::time_point deadline() noexcept {
    return detail::current_deadline;
}

/// As long as it lives; an earlier deadline stays.
class WithDeadline {
public:
    explicit WithDeadline(std::chrono::steady_clock::time_point until) noexcept
        : outer_(deadline()) {
        detail::current_deadline = std::min(outer_, until);
    }
    ~WithDeadline() { detail::current_deadline = outer_; }
    WithDeadline(WithDeadline const&) = delete;
    WithDeadline& operator=(WithDeadline const&) = delete;

private:
    std::chrono::steady_clock::time_point outer_;
};

}  // namespace grover::net
