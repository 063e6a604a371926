// A point in time to wait for, exactly: a heap operation each, where an Expiring is one store.
//
//     net::Timer timer(loop, 20ms);
//     co_await timer.async_wait(net::use_task);
//
// cancel(), a new time and destruction end the wait with operation_aborted.
#pragma once

#include <chrono>

#include <boost/asio/async_result.hpp>
#include <boost/intrusive/set.hpp>

#include "net/operation.hpp"
#include "net/task.hpp"

namespace grover::net {

/// One wait at a time. Belongs to its loop's thread.
class Timer : public boost::intrusive::set_base_hook<>, private Waiting {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit Timer(Loop& loop) noexcept : loop_(loop) {}
    Timer(Loop& loop, std::chrono::steady_clock::duration time) : Timer(loop) {
        expires_after(time);
    }
    explicit Timer(Executor executor) noexcept : Timer(executor.loop()) {}
    Timer(Executor executor, std::chrono::steady_clock::duration time)
        : Timer(executor.loop(), time) {}
    ~Timer() { cancel(); }
    Timer(Timer const&) = delete;
    Timer& operator=(Timer const&) = delete;

    void expires_at(TimePoint time) noexcept {
        cancel();
        expiry_ = time;
    }
    void expires_after(std::chrono::steady_clock::duration time) noexcept {
        expires_at(std::chrono::steady_clock::now() + time);
    }
    TimePoint expiry() const noexcept { return expiry_; }

    /// Ends with no error at the time, which may have passed.
    template <class Token>
    auto async_wait(Token&& token) {
        return asio::async_initiate<Token, void(ErrorCode)>(
            [this](auto handler) { start(make_operation<Takes::error>(std::move(handler))); },
            token);
    }
    void cancel() noexcept;

    /// For the loop: ends the wait.
    void end(ErrorCode error) noexcept;

    friend bool operator<(Timer const& a, Timer const& b) noexcept { return a.expiry_ < b.expiry_; }

private:
    void start(Operation& wait);
    void cancel(Operation& operation) noexcept override;

    Loop& loop_;
    TimePoint expiry_{};
    Operation* wait_ = nullptr;
};

}  // namespace grover::net
