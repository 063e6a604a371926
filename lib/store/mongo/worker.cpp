#include "store/mongo/worker.hpp"

#include <algorithm>
#include <future>
#include <ranges>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/limits.hpp"

namespace grover::store::mongo {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto look_interval = 20ms;  // whether a loop still runs, where its end is not told of

constinit thread_local Worker* current_worker = nullptr;

/// Where it must be destroyed.
void destroy(std::unique_ptr<Worker> worker) {
    auto& loop = worker->loop();
    if (!loop.running() || net::Loop::current() == &loop) return;
    struct State {
        explicit State(std::unique_ptr<Worker> owned) : worker(std::move(owned)) {}
        std::unique_ptr<Worker> worker;
        std::atomic<bool> taken = false;
        std::promise<void> done;
    };
    auto const state = std::make_shared<State>(std::move(worker));
    asio::post(loop.executor(), [state] {
        if (state->taken.exchange(true)) return;
        state->worker.reset();
        state->done.set_value();
    });
    auto done = state->done.get_future();
    while (done.wait_for(look_interval) != std::future_status::ready)
        if (!loop.running() && !state->taken.exchange(true)) return state->worker.reset();
}

}  // namespace

Worker::Worker(Workers& workers, net::Loop& loop)
    : workers_(workers),
      loop_(loop),
      client_(workers.options_.make_client(*this)),
      fiber_(limits::fiber_stack_bytes) {
    fiber_.run([this] { serve(); });
}

Worker::~Worker() {
    go_on();
    mongoc_client_destroy(client_);
}

// Not inlined: a stack that has changed threads must not use the place it had found before.
[[gnu::noinline]] Worker* Worker::current() noexcept {
    return current_worker;
}

void leave_loop() {
    if (auto* const worker = Worker::current()) worker->leave_loop();
}

void Worker::serve() {
    while (true) {
        // It is nobody's any more once it stands still: perhaps it ends on a thread.
        fiber_.suspend(is_abandoned() ? Work([this] { workers_.stopped(*this); }) : Work());
        if (!work_) return;
        for (auto work = std::exchange(work_, nullptr); work;) {
            if (workers_.must_block()) leave_loop();
            work();
            if (away_) return_to_loop();
            work = is_abandoned() ? Work() : workers_.next(*this);
        }
    }
}

void Worker::start(Work work) {
    work_ = std::move(work);
    if (net::Loop::current() == &loop_) return go_on();
    std::lock_guard const lock(mutex_);
    waits_ = true;
    asio::post(loop_.executor(), [this] { arrived(); });
}

void Worker::go_on() {
    auto* const outer = std::exchange(current_worker, this);
    fiber_.resume();
    current_worker = outer;
}

void Worker::leave_loop() {
    if (away_ || is_abandoned()) return;
    away_ = true;
    fiber_.suspend([this] { asio::post(workers_.threads_, [this] { go_on(); }); });
}

bool Worker::return_to_loop() {
    fiber_.suspend([this] {
        {
            std::lock_guard const lock(mutex_);
            if (!abandoned_) {
                waits_ = true;
                return asio::post(loop_.executor(), [this] { arrived(); });
            }
        }
        go_on();
    });
    if (is_abandoned()) return false;
    away_ = false;
    return true;
}

bool Worker::wait(Work begin) {
    bool const away = away_;
    if (away && !return_to_loop()) return false;
    {
        std::lock_guard const lock(mutex_);
        if (abandoned_) return false;
        waits_ = true;
    }
    begin();
    fiber_.suspend();
    if (is_abandoned()) return false;
    if (away) leave_loop();
    return true;
}

void Worker::arrived() {
    {
        std::lock_guard const lock(mutex_);
        if (!std::exchange(waits_, false)) return;
    }
    go_on();
}

void Worker::abandon() {
    bool waited = false;
    {
        std::lock_guard const lock(mutex_);
        abandoned_ = true;
        waited = std::exchange(waits_, false);
    }
    if (waited) go_on();
}

bool Worker::is_abandoned() {
    std::lock_guard const lock(mutex_);
    return abandoned_;
}

/// Of a loop: tells of its end.
class Workers::LoopEnd : public asio::execution_context::service {
public:
    using key_type = LoopEnd;
    static inline asio::execution_context::id id;

    explicit LoopEnd(asio::execution_context& context)
        : asio::execution_context::service(context) {}

    void add(std::weak_ptr<Workers> workers, net::Loop& loop) {
        told_.emplace_back(std::move(workers), &loop);
    }

private:
    void shutdown() noexcept override {
        for (auto const& [workers, loop] : told_)
            if (auto const there = workers.lock()) {
                std::unique_lock lock(there->mutex_);
                auto const its = [&](Worker& worker) { return &worker.loop() == loop; };
                there->end(there->extract(its), lock);
            }
    }

    std::vector<std::pair<std::weak_ptr<Workers>, net::Loop*>> told_;
};

Workers::Workers(Options options) : options_(std::move(options)), threads_(options_.count) {}

void Workers::run(Worker::Work work) {
    Worker* worker = nullptr;
    {
        std::lock_guard const lock(mutex_);
        worker = take(*net::Loop::current());
        if (!worker) return queue_.push_back(std::move(work));
    }
    worker->start(std::move(work));
}

Worker* Workers::take(net::Loop& loop) {
    auto const find = [&](auto const& which) {
        return std::ranges::find_if(idle_.rbegin(), idle_.rend(), which);
    };
    auto found = find([&](Worker* one) { return &one->loop() == &loop; });
    if (found == idle_.rend() && all_.size() == options_.count)
        found = find([](Worker* one) { return one->loop().running(); });
    if (found == idle_.rend()) {
        if (all_.size() == options_.count) return nullptr;
        make(loop);
        found = idle_.rbegin();
    }
    auto* const out = *found;
    idle_.erase(std::next(found).base());
    out->works_ = true;
    return out;
}

void Workers::make(net::Loop& loop) {
    auto const its = [&](auto const& worker) { return &worker->loop() == &loop; };
    if (std::ranges::none_of(all_, its))
        asio::use_service<LoopEnd>(loop.executor().query(asio::execution::context))
            .add(weak_from_this(), loop);
    all_.push_back(std::make_unique<Worker>(*this, loop));
    idle_.push_back(all_.back().get());
}

Worker::Work Workers::next(Worker& worker) {
    std::lock_guard const lock(mutex_);
    if (!queue_.empty()) {
        auto out = std::move(queue_.front());
        queue_.pop_front();
        return out;
    }
    worker.works_ = false;
    idle_.push_back(&worker);
    rests_.notify_all();
    return {};
}

void Workers::stopped(Worker& worker) {
    std::lock_guard const lock(mutex_);
    worker.works_ = false;
    rests_.notify_all();
}

Workers::Owned Workers::extract(std::function<bool(Worker&)> const& which) {
    std::erase_if(idle_, [&](Worker* one) { return which(*one); });
    auto const first = std::ranges::partition(all_, [&](auto const& one) { return !which(*one); });
    Owned out(std::move_iterator(first.begin()), std::move_iterator(first.end()));
    all_.erase(first.begin(), first.end());
    return out;
}

void Workers::end(Owned workers, std::unique_lock<std::mutex>& lock) {
    for (auto& one : workers) {
        if (one->works_) {
            lock.unlock();
            one->abandon();
            lock.lock();
            rests_.wait(lock, [&] { return !one->works_; });
        }
        lock.unlock();
        one.reset();
        lock.lock();
    }
}

void Workers::close() {
    std::unique_lock lock(mutex_);
    auto const works = [](auto const& one) { return one->works_; };
    while (std::ranges::any_of(all_, works)) {
        end(extract([](Worker& one) { return one.works_ && !one.loop().running(); }), lock);
        rests_.wait_for(lock, look_interval);
    }
    queue_.clear();
    auto all = extract([](Worker&) { return true; });
    lock.unlock();
    for (auto& one : all) destroy(std::move(one));
    threads_.join();
}

}  // namespace grover::store::mongo
