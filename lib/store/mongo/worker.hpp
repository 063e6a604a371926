// Where calls of libmongoc run: each of its clients belongs to a worker, which has a stack
// (net::Fiber) and belongs to a loop.
//
//     workers->run([&] { ...; Connection connection(pool); connection.read(...); ... });
//
// libmongoc blocks in its sockets and in few other places. Its sockets are ours (stream.hpp): there
// the stack is left as it stands, and the loop does something else until there is an answer. So an
// operation costs no thread and no wake-up. Before everything else that blocks or computes for long
// (making a connection, waiting for a primary or for another batch) the stack goes over to a
// thread, for the rest of the operation; then only reading and writing is done on the loop.
//
// An operation takes a worker of its own loop; where all there may be are made, one of another
// loop; where none is idle, it waits. So one loop alone may use them all.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <mongoc/mongoc.h>
#include <boost/asio/thread_pool.hpp>

#include "net/fiber.hpp"
#include "net/loop.hpp"

namespace grover::store::mongo {

class Workers;

class Worker {
public:
    using Work = net::Fiber::Work;

    Worker(Workers& workers, net::Loop& loop);
    /// On its loop's thread, or when the loop runs no more; not while it works.
    ~Worker();
    Worker(Worker const&) = delete;
    Worker& operator=(Worker const&) = delete;

    /// The one whose stack this is, or null.
    static Worker* current() noexcept;

    Workers& workers() noexcept { return workers_; }
    net::Loop& loop() noexcept { return loop_; }
    mongoc_client_t* client() noexcept { return client_; }

    // For what runs on its stack:

    /// Goes on on a thread, where it may block, until the operation ends.
    void leave_loop();
    /// On the loop, which runs.
    bool is_on_loop() { return !away_ && !is_abandoned(); }
    /// On a thread beside it.
    bool is_away() { return away_ && !is_abandoned(); }
    /// Calls `begin` on the loop, and returns when arrived() is called there. False when that will
    /// not be, for the loop has ended: what was begun is dropped.
    bool wait(Work begin);

    // On the loop's thread:

    void arrived();

private:
    friend class Workers;

    void serve();
    void start(Work work);
    void go_on();
    bool return_to_loop();
    /// The loop runs no more. What waits for it goes on here, and fails.
    void abandon();
    bool is_abandoned();

    Workers& workers_;
    net::Loop& loop_;
    mongoc_client_t* const client_;
    bool works_ = false;  // under the mutex of Workers
    Work work_;
    bool away_ = false;  // on a thread

    std::mutex mutex_;
    bool waits_ = false;  // for its loop
    bool abandoned_ = false;

    net::Fiber fiber_;
};

/// Before what blocks: the worker whose stack this is leaves its loop.
void leave_loop();

class Workers : public std::enable_shared_from_this<Workers> {
public:
    struct Options {
        std::size_t count;  // at most, and as many threads
        /// A client of the worker's own. Called on its loop.
        std::function<mongoc_client_t*(Worker&)> make_client;
        /// Whether the driver may have to wait for a server, or blocks anyway.
        std::function<bool()> must_block;
    };
    explicit Workers(Options options);

    /// On a loop: runs `work`, which throws nothing, as soon as a worker is idle.
    void run(Worker::Work work);
    /// Returns when all has ended: by itself, or for its loop runs no more. Once, at the end.
    void close();
    bool must_block() const { return options_.must_block(); }

private:
    friend class Worker;
    class LoopEnd;
    using Owned = std::vector<std::unique_ptr<Worker>>;

    Worker* take(net::Loop& loop);
    void make(net::Loop& loop);
    Owned extract(std::function<bool(Worker&)> const& which);
    /// Of loops that run no more.
    void end(Owned workers, std::unique_lock<std::mutex>& lock);
    /// What waits for a worker; where nothing does, it is idle.
    Worker::Work next(Worker& worker);
    void stopped(Worker& worker);

    Options const options_;
    std::mutex mutex_;
    std::condition_variable rests_;  // one of them, or has stopped
    Owned all_;
    std::vector<Worker*> idle_;  // the last that worked is the last
    std::deque<Worker::Work> queue_;
    boost::asio::thread_pool threads_;
};

}  // namespace grover::store::mongo
