#include "net/loop.hpp"

#include <atomic>
#include <utility>

#include "net/expiring.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr auto sweep_interval = 100ms;

thread_local Loop* current_loop = nullptr;

}  // namespace

class Loop::Impl {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Sweeper = std::function<void(TimePoint)>;

    void sweep_regularly() {
        timer->expires_after(sweep_interval);
        timer->async_wait([this](boost::system::error_code error) {
            if (error) return;
            sweep(std::chrono::steady_clock::now());
            sweep_regularly();
        });
    }

    void run_end_of_turn() {
        // What these functions add themselves belongs to the next turn.
        auto const functions = std::exchange(end_of_turn, {});
        for (auto const& function : functions) function();
    }

    boost::intrusive::list<Expiring, boost::intrusive::constant_time_size<false>> expiring;
    std::vector<std::weak_ptr<Sweeper>> sweepers;
    std::vector<std::function<void()>> end_of_turn;
    std::optional<Timer> timer;
    std::atomic<bool> running = false;

private:
    void sweep(TimePoint now) {
        for (auto& one : expiring) one.sweep(now);
        // By index: a sweeper may add another.
        for (std::size_t i = 0; i < sweepers.size(); ++i)
            if (auto const sweeper = sweepers[i].lock()) (*sweeper)(now);
        std::erase_if(sweepers, [](auto const& sweeper) { return sweeper.expired(); });
    }
};

Loop::Loop(std::size_t index) : index_(index), impl_(std::make_unique<Impl>()), context_(1) {
    impl_->timer.emplace(executor());
    impl_->sweep_regularly();
}

// The timer goes first because it needs the context, then the context with all suspended work, then
// Impl.
Loop::~Loop() {
    impl_->timer.reset();
}

Loop* Loop::current() noexcept {
    return current_loop;
}

Loop::SweepHandle Loop::on_sweep(
    std::function<void(std::chrono::steady_clock::time_point)> function) {
    auto sweeper = std::make_shared<Impl::Sweeper>(std::move(function));
    impl_->sweepers.push_back(sweeper);
    return sweeper;
}

// Asio's queue is first in, first out, and what the reactor finds is queued behind it: a posted
// function runs after the handlers that are ready now.
void Loop::at_end_of_turn(std::function<void()> function) {
    impl_->end_of_turn.push_back(std::move(function));
    if (impl_->end_of_turn.size() == 1) asio::post(context_, [this] { impl_->run_end_of_turn(); });
}

void Loop::run() {
    auto* const outer = std::exchange(current_loop, this);
    auto const guard = asio::make_work_guard(context_);
    impl_->running = true;
    context_.run();
    impl_->running = false;
    current_loop = outer;
}

void Loop::stop() {
    context_.stop();
}

bool Loop::running() const noexcept {
    return impl_->running;
}

Expiring::Expiring(Loop& loop) {
    loop.impl_->expiring.push_back(*this);
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
        loop->impl_->running = true;
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
