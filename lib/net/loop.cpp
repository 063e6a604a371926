#include "net/loop.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "net/engine.hpp"
#include "net/engine_choice.hpp"
#include "net/expiring.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;

constexpr auto sweep_interval = 100ms;
// A turn runs what its jobs make ready too, but others' sockets are looked at after so many.
constexpr int turn_jobs_max = 4096;

thread_local Loop* current_loop = nullptr;

}  // namespace

bool Executor::runs_here(Loop const& loop) noexcept {
    return current_loop == &loop;
}
void Executor::post(Loop& loop, Job& job) {
    loop.post(job);
}
asio::execution_context& Executor::query(asio::execution::context_t) const noexcept {
    return *loop_->context_;
}

Loop::Loop(std::size_t index)
    : index_(index),
      context_(std::in_place, 1),
      engine_(engine_in_use() == EngineKind::io_uring ? make_uring_engine(*this)
                                                      : make_epoll_engine(*this)) {}

Loop::~Loop() {
    auto* const outer = std::exchange(current_loop, this);
    if (lookups_) lookups_->join();
    drop_everything();
    context_.reset();  // with what waits in a TLS stream
    drop_everything();
    current_loop = outer;
}

/// What is dropped may hold streams and timers, whose ends are queued in turn.
void Loop::drop_everything() {
    do {
        engine_->abort_all();
        while (!timers_.empty()) timers_.begin()->cancel();
        take_posted();
        while (!ready_.empty()) ready_.pop().drop();
        end_of_turn_.clear();
    } while (!ready_.empty() || !timers_.empty());
}

Loop* Loop::current() noexcept {
    return current_loop;
}

Loop::SweepHandle Loop::on_sweep(std::function<void(TimePoint)> function) {
    auto sweeper = std::make_shared<Sweeper>(std::move(function));
    sweepers_.push_back(sweeper);
    return sweeper;
}

void Loop::at_end_of_turn(std::function<void()> function) {
    end_of_turn_.push_back(std::move(function));
}

void Loop::run() {
    auto* const outer = std::exchange(current_loop, this);
    running_ = true;
    // Inside of Asio's context its recycling allocators work for this thread.
    asio::post(*context_, [this] { run_turns(); });
    context_->restart();
    context_->run_one();
    running_ = false;
    current_loop = outer;
}

void Loop::stop() {
    stopped_ = true;
    engine_->wake();
}

bool Loop::running() const noexcept {
    return running_;
}

void Loop::run_turns() {
    engine_->begin();
    next_sweep_ = std::chrono::steady_clock::now() + sweep_interval;
    while (!stopped_) {
        take_posted();
        run_ready();
        run_end_of_turn();
        engine_->turn(patience());
        run_timers();
    }
    engine_->abort_all();
}

void Loop::run_ready() {
    for (int jobs = 0; !ready_.empty() && jobs < turn_jobs_max && !stopped_; ++jobs)
        ready_.pop().run();
    detail::current_deadline = TimePoint::max();  // What follows is nobody's.
}

void Loop::run_end_of_turn() {
    if (end_of_turn_.empty()) return;
    // What these functions add themselves belongs to the next turn.
    auto const functions = std::exchange(end_of_turn_, {});
    for (auto const& function : functions) function();
}

/// How long the engine may wait.
std::chrono::nanoseconds Loop::patience() const noexcept {
    if (!ready_.empty() || !end_of_turn_.empty()) return 0ns;
    auto until = next_sweep_;
    if (!timers_.empty()) until = std::min(until, timers_.begin()->expiry());
    return std::max(until - std::chrono::steady_clock::now(), TimePoint::duration(0));
}

void Loop::run_timers() {
    auto const now = std::chrono::steady_clock::now();
    while (!timers_.empty() && timers_.begin()->expiry() <= now) timers_.begin()->end({});
    if (now >= next_sweep_) sweep(now);
}

void Loop::sweep(TimePoint now) {
    next_sweep_ = now + sweep_interval;
    for (auto& one : expiring_) one.sweep(now);
    // By index: a sweeper may add another.
    for (std::size_t i = 0; i < sweepers_.size(); ++i)
        if (auto const sweeper = sweepers_[i].lock()) (*sweeper)(now);
    std::erase_if(sweepers_, [](auto const& sweeper) { return sweeper.expired(); });
    context_->poll();
}

void Loop::post(Job& job) {
    if (current_loop == this) return ready_.push(job);
    // Woken under the lock: the loop may be gone as soon as it has taken the job.
    std::lock_guard const lock(posting_);
    posted_.push(job);
    if (!has_posted_.exchange(true)) engine_->wake();
}

void Loop::take_posted() noexcept {
    if (!has_posted_) return;
    std::lock_guard const lock(posting_);
    has_posted_ = false;
    ready_.append(std::move(posted_));
}

asio::thread_pool& Loop::lookups() {
    if (!lookups_) lookups_ = std::make_unique<asio::thread_pool>(1);
    return *lookups_;
}

Expiring::Expiring(Loop& loop) {
    loop.expiring_.push_back(*this);
}

Loops::Loops(std::size_t count, std::size_t blocking_threads)
    : blocking_(std::make_unique<asio::thread_pool>(blocking_threads)) {
    for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>(i));
}

Loops::~Loops() {
    stop();
}

void Loops::start() {
    for (auto& loop : loops_) {
        loop->running_ = true;
        threads_.emplace_back([&loop = *loop] { loop.run(); });
    }
}

void Loops::stop() {
    for (auto& loop : loops_) loop->stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    blocking_->stop();
    blocking_->join();
}

}  // namespace grover::net
