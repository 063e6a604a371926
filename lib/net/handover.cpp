#include "net/handover.hpp"

namespace grover::net {

Task<bool> HandoverBase::wait(std::chrono::steady_clock::time_point until) {
    // Also where the coroutine is destroyed while it waits.
    struct GivingUp {
        HandoverBase& self;
        ~GivingUp() { self.give_up(); }
    } const giving_up{*this};
    while (!arrived_) {
        if (co_await arrival_.wait(until)) continue;
        if (give_up()) co_return false;
        until = Signal::TimePoint::max();  // It is on its way.
    }
    co_return true;
}

bool HandoverBase::give_up() noexcept {
    auto awaited = State::awaited;
    return state_.compare_exchange_strong(awaited, State::given_up);
}

void HandoverBase::arrive() {
    auto awaited = State::awaited;
    if (!state_.compare_exchange_strong(awaited, State::made)) return;
    self_ = shared_from_this();
    loop_.post(*this);
}

void HandoverBase::end(Job& job, End how) {
    auto& handover = static_cast<HandoverBase&>(job);
    auto const self = std::move(handover.self_);
    if (how == End::drop) return;
    handover.arrived_ = true;
    handover.arrival_.notify();
}

}  // namespace grover::net
