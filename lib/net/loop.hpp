// The event loops of a process: one thread each, nothing shared on the request path. A turn of a
// loop runs what is ready, then what was kept for the end of the turn, then lets its engine send
// and wait.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/intrusive/list.hpp>

#include "net/job.hpp"
#include "net/task.hpp"
#include "net/timer.hpp"

namespace grover::net {

class Engine;
class Expiring;
using ExpiringHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One thread's event loop. Everything made on it stays on it.
class Loop {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit Loop(std::size_t index);
    /// Destroys what is suspended or queued. Not on a loop that runs.
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    Executor executor() noexcept { return Executor(*this); }
    /// 0-based position in Loops: for per-loop arrays.
    std::size_t index() const noexcept { return index_; }

    /// The loop of the calling thread; null outside of one.
    static Loop* current() noexcept;

    /// Called about every 100 ms with the time: deadlines are swept, not timed one by one. The
    /// function lives until the returned handle is destroyed. Call on the loop's thread or before
    /// it runs.
    using SweepHandle = std::shared_ptr<void>;
    SweepHandle on_sweep(std::function<void(TimePoint)> function);

    /// Runs `function` once at the end of the current turn, after the handlers that are ready now:
    /// for sends that are collected and leave together.
    void at_end_of_turn(std::function<void()> function);

    void run();   // blocks until stop()
    void stop();  // for good; from any thread
    /// A thread runs it, or is about to: what is posted will be executed. From any thread.
    bool running() const noexcept;

    /// For lib/net, on the loop's thread: queues an operation's end, without an allocation.
    void complete(Operation& operation, ErrorCode error, std::size_t count = 0) noexcept {
        operation.waits_at = nullptr;
        operation.error = error;
        operation.count = count;
        ready_.push(operation);
    }
    /// For lib/net, from any thread: queues a job.
    void post(Job& job);
    /// For lib/net: what must not block, name lookups first of all. Made when first needed.
    asio::thread_pool& lookups();
    Engine& engine() noexcept { return *engine_; }

private:
    friend class Executor;
    friend class Expiring;
    friend class Loops;
    friend class Timer;
    using Sweeper = std::function<void(TimePoint)>;

    void take_posted() noexcept;
    void run_turns();
    void run_ready();
    void run_end_of_turn();
    std::chrono::nanoseconds patience() const noexcept;
    void run_timers();
    void sweep(TimePoint now);
    void drop_everything();

    std::size_t const index_;
    JobQueue ready_;
    boost::intrusive::multiset<Timer> timers_;
    boost::intrusive::list<Expiring, boost::intrusive::base_hook<ExpiringHook>,
                           boost::intrusive::constant_time_size<false>>
        expiring_;
    std::vector<std::weak_ptr<Sweeper>> sweepers_;
    std::vector<std::function<void()>> end_of_turn_;
    TimePoint next_sweep_{};

    std::atomic<bool> running_ = false;
    std::atomic<bool> stopped_ = false;
    std::mutex posting_;
    JobQueue posted_;  // under posting_: from other threads
    std::atomic<bool> has_posted_ = false;

    // What Asio's own parts ask an executor for: its allocators of this thread, and the timers in
    // ssl::stream. The loop runs inside of it and polls it at every sweep.
    std::optional<asio::io_context> context_;
    std::unique_ptr<asio::thread_pool> lookups_;
    std::unique_ptr<Engine> engine_;
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
