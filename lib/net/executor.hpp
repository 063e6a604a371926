// Where coroutines and functions of a loop run: the executor that Asio's coroutines, asio::post and
// ssl::stream see. Models Asio's standard executor without any of its type erasure.
//
//     asio::post(loop.executor(), [] { ... });              // from any thread
//     asio::co_spawn(loop.executor(), [...] { ... }, asio::detached);
//
// On the loop's own thread a posted function costs a queue node; from another one a lock, and a
// wake-up when the loop sleeps.
#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

namespace grover::net {

namespace asio = boost::asio;

class Job;
class Loop;

class Executor {
public:
    explicit Executor(Loop& loop) noexcept : loop_(&loop) {}

    Loop& loop() const noexcept { return *loop_; }

    /// Runs `function` on the loop: at once when the caller is there already and blocking is
    /// allowed.
    template <class Function>
    void execute(Function&& function) const;

    asio::execution_context& query(asio::execution::context_t) const noexcept;
    asio::execution::blocking_t query(asio::execution::blocking_t) const noexcept {
        if (never_blocks_) return asio::execution::blocking.never;
        return asio::execution::blocking.possibly;
    }
    Executor require(asio::execution::blocking_t::possibly_t) const noexcept {
        return {*loop_, false};
    }
    Executor require(asio::execution::blocking_t::never_t) const noexcept { return {*loop_, true}; }

    // A loop runs until it is stopped: nothing is counted to keep it running.
    static constexpr asio::execution::outstanding_work_t query(
        asio::execution::outstanding_work_t) noexcept {
        return asio::execution::outstanding_work.untracked;
    }
    static constexpr asio::execution::mapping_t query(asio::execution::mapping_t) noexcept {
        return asio::execution::mapping.thread;
    }

    friend bool operator==(Executor const&, Executor const&) noexcept = default;

private:
    Executor(Loop& loop, bool never_blocks) noexcept : loop_(&loop), never_blocks_(never_blocks) {}

    static bool runs_here(Loop const& loop) noexcept;
    static void post(Loop& loop, Job& job);

    Loop* loop_;
    bool never_blocks_ = false;
};

}  // namespace grover::net

#include "net/job.hpp"

namespace grover::net {

template <class Function>
void Executor::execute(Function&& function) const {
    using Value = std::decay_t<Function>;
    if (!never_blocks_ && runs_here(*loop_)) {
        // A coroutine that begins here may suspend under a deadline of its own: the caller's stays.
        WithDeadline const callers(std::chrono::steady_clock::time_point::max());
        Value inside(std::forward<Function>(function));
        std::move(inside)();
        return;
    }
    post(*loop_, make_node<FunctionJob<Value>>(Value(std::forward<Function>(function))));
}

}  // namespace grover::net
