#include "gateway/cluster/hedge_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/async.hpp"

namespace grover::gateway {
namespace {

constexpr std::chrono::nanoseconds tick = std::chrono::milliseconds(5);

std::int64_t ticks_now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch() / tick;
}

}  // namespace

class HedgeClock::Wheel {
public:
    using List = boost::intrusive::list<Wait, boost::intrusive::constant_time_size<false>>;
    static constexpr std::int64_t slots = 256;

    List& slot(std::int64_t turn) { return slots_[static_cast<std::size_t>(turn % slots)]; }

    /// Calls whatever is due by `turn`. A call may start another wait.
    void run_until(std::int64_t turn) {
        for (at = std::max(at, turn - slots); at < turn;) {
            ++at;
            List due;
            auto& list = slot(at);
            for (auto i = list.begin(); i != list.end();) {
                auto& wait = *i++;
                if (wait.due_ > at) continue;  // of a later round of the wheel
                wait.unlink();
                due.push_back(wait);
            }
            while (!due.empty()) {
                auto& wait = due.front();
                due.pop_front();
                wait.call_();
            }
        }
    }
    bool anybody() const noexcept {
        for (auto const& list : slots_)
            if (!list.empty()) return true;
        return false;
    }

    std::int64_t at = ticks_now();
    bool ticking = false;
    bool closed = false;

private:
    std::array<List, slots> slots_;
};

HedgeClock::HedgeClock(net::Loop& loop) : wheel_(std::make_shared<Wheel>()), loop_(loop) {}

HedgeClock::~HedgeClock() {
    wheel_->closed = true;
}

void HedgeClock::start(Wait& wait, std::chrono::nanoseconds delay) {
    auto& wheel = *wheel_;
    if (!wheel.ticking) {
        wheel.ticking = true;
        wheel.at = ticks_now();
        auto run = [shared = wheel_]() -> net::Task<> {
            for (int idle = 0; !shared->closed && idle < 20;
                 idle = shared->anybody() ? 0 : idle + 1) {
                co_await net::pause(tick);
                shared->run_until(ticks_now());
            }
            shared->ticking = false;
        };
        net::asio::co_spawn(loop_.executor(), std::move(run), net::asio::detached);
    }
    wait.due_ =
        std::max(ticks_now() + (delay + tick - std::chrono::nanoseconds(1)) / tick, wheel.at + 1);
    wheel.slot(wait.due_).push_back(wait);
}

}  // namespace grover::gateway
