// One coroutine waits until another has something for it, on the same loop.
//
//     while (queue.empty())
//         if (!co_await arrived.wait(until)) throw TooLate();
//     ...
//     queue.push_back(item);
//     arrived.notify();
#pragma once

#include <chrono>
#include <utility>

#include "net/task.hpp"
#include "net/timer.hpp"

namespace grover::net {

/// One waiter at a time. Belongs to its loop's thread; nobody may wait when it is destroyed.
class Signal {
public:
    using TimePoint = Timer::TimePoint;

    explicit Signal(Loop& loop) noexcept : timer_(loop) {}

    /// True at the next notify(), false at `until`. What happened before is for the waiter to look
    /// at.
    Task<bool> wait(TimePoint until = TimePoint::max()) {
        waiting_ = true;
        notified_ = false;
        timer_.expires_at(until);
        co_await timer_.async_wait(use_tuple);
        waiting_ = false;
        co_return notified_;
    }
    /// The waiter goes on, soon: not within this call.
    void notify() {
        if (!waiting_ || notified_) return;
        notified_ = true;
        timer_.cancel();
    }

private:
    Timer timer_;
    bool waiting_ = false;
    bool notified_ = false;
};

}  // namespace grover::net
