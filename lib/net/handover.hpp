// A result that another thread makes and a coroutine waits for, no longer than it wants to.
//
//     auto const handover = std::make_shared<net::Handover<int>>(co_await net::this_executor());
//     worker.add([handover] { handover->make(compute); });
//     if (!co_await handover->wait(until)) throw Error(ErrorCode::gateway_timeout, "...");
//     use(handover->take());
//
// The other thread owns what it works on: the coroutine may have given up and be gone. Costs one
// allocation and the wake-up of the loop, which results that arrive together share. The loop must
// outlive the call of make(), finish() or fail().
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "net/loop.hpp"
#include "net/signal.hpp"

namespace grover::net {

/// The part that does not depend on the result.
class HandoverBase : private Job, public std::enable_shared_from_this<HandoverBase> {
public:
    /// On the loop's thread, once. False when `until` came first: the result is dropped wherever it
    /// is made. A result that is on its way then is still waited for.
    Task<bool> wait(std::chrono::steady_clock::time_point until);

protected:
    explicit HandoverBase(Executor executor)
        : Job(end), loop_(executor.loop()), arrival_(executor.loop()) {}
    ~HandoverBase() = default;

    /// From any thread, once: the result is there.
    void arrive();

private:
    enum class State { awaited, made, given_up };

    static void end(Job& job, End how);
    /// False when the result is on its way.
    bool give_up() noexcept;

    Loop& loop_;
    std::atomic<State> state_ = State::awaited;
    std::shared_ptr<HandoverBase> self_;  // while it is a job of the loop
    Signal arrival_;                      // this and the next one: the loop's
    bool arrived_ = false;
};

template <class T>
class Handover final : public HandoverBase {
public:
    explicit Handover(Executor executor) : HandoverBase(executor) {}

    /// One of these three, from any thread, once. What `work` throws, take() throws.
    template <class Work>
    void make(Work&& work) noexcept {
        try {
            result_.emplace(work());
        } catch (...) {
            failure_ = std::current_exception();
        }
        arrive();
    }
    void finish(T value) {
        result_.emplace(std::move(value));
        arrive();
    }
    void fail(std::exception_ptr failure) {
        failure_ = std::move(failure);
        arrive();
    }

    /// Once, after wait() was true.
    T take() {
        if (failure_) std::rethrow_exception(failure_);
        return *std::move(result_);
    }

private:
    std::optional<T> result_;
    std::exception_ptr failure_;
};

}  // namespace grover::net
