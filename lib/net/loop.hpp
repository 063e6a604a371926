// The event loops of a process: one thread, one io_context, nothing shared on the request path.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "net/task.hpp"

namespace grover::net {

/// One thread's event loop. Everything made on it stays on it.
class Loop {
public:
    explicit Loop(std::size_t index);
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    asio::io_context& context() noexcept { return context_; }
    Executor executor() noexcept { return context_.get_executor(); }
    /// 0-based position in Loops: for per-loop arrays.
    std::size_t index() const noexcept { return index_; }

    /// The loop of the calling thread; null outside of one.
    static Loop* current() noexcept;

    /// Called about every 100 ms with the time: deadlines are swept, not timed one by one. The
    /// function lives until the returned handle is destroyed. Call on the loop's thread or before
    /// it runs.
    using SweepHandle = std::shared_ptr<void>;
    SweepHandle on_sweep(std::function<void(std::chrono::steady_clock::time_point)> function);

    /// Runs `function` once at the end of the current turn, after the handlers that are ready now:
    /// for sends that are collected and leave together.
    void at_end_of_turn(std::function<void()> function);

    void run();   // blocks until stop()
    void stop();  // from any thread
    /// A thread runs it, or is about to: what is posted will be executed. From any thread.
    bool running() const noexcept;

private:
    friend class Expiring;
    friend class Loops;
    class Impl;
    std::size_t index_;
    // Before the context: frames that the context destroys at the end still take themselves out of
    // Impl's list.
    std::unique_ptr<Impl> impl_;
    asio::io_context context_;
};

/// All loops of a process, a thread each, and the pool for what blocks (password hashing,
/// libmongoc).
class Loops {
public:
    explicit Loops(std::size_t count, std::size_t blocking_threads = 2);
    ~Loops();

    std::size_t size() const noexcept { return loops_.size(); }
    Loop& at(std::size_t index) noexcept { return *loops_[index]; }
    asio::thread_pool& blocking() noexcept { return *blocking_; }

    /// Starts a thread per loop.
    void start();
    /// Stops all loops and joins. Idempotent.
    void stop();

private:
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::thread> threads_;
    std::unique_ptr<asio::thread_pool> blocking_;
};

}  // namespace grover::net
