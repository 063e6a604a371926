#include "net/timer.hpp"

#include <boost/asio/error.hpp>

#include "net/loop.hpp"

namespace grover::net {

void Timer::start(Operation& wait) {
    cancel();
    wait_ = &wait;
    wait.waits_at = this;
    loop_.timers_.insert(*this);
}

void Timer::end(ErrorCode error) noexcept {
    if (!wait_) return;
    loop_.timers_.erase(loop_.timers_.iterator_to(*this));
    loop_.complete(*std::exchange(wait_, nullptr), error);
}

void Timer::cancel() noexcept {
    end(asio::error::operation_aborted);
}
void Timer::cancel(Operation&) noexcept {
    cancel();
}

}  // namespace grover::net
