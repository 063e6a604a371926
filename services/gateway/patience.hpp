// How long an attempt waits: until the request's deadline for the head of the answer, which a body
// that still comes moves on; then as long as the route lets a stream be silent, and last.
#pragma once

#include <algorithm>
#include <chrono>

#include "gateway/cluster/settings.hpp"
#include "gateway/forward.hpp"

namespace grover::gateway {

class Patience {
public:
    using Time = std::chrono::steady_clock::time_point;

    void begin(Forward const& forward) noexcept {
        deadline_ = forward.deadline;
        client_until_ = forward.client_until;
        after_body_ = forward.after_body;
        stream_ = forward.stream;
    }
    Time for_head() const noexcept { return deadline_; }
    /// A piece of the body came, or was taken.
    void body_moved() noexcept {
        if (after_body_.count() > 0)
            deadline_ = std::min(std::chrono::steady_clock::now() + after_body_, client_until_);
    }
    /// The time for all of a stream is over, though it is never silent.
    bool over() const noexcept {
        return over_at_ != Time{} && std::chrono::steady_clock::now() >= over_at_;
    }
    /// For the next piece, asked when the wait for it begins. The first time starts the lifetime.
    Time for_more() noexcept {
        if (stream_ == nullptr) return deadline_;
        auto const now = std::chrono::steady_clock::now();
        if (over_at_ == Time{}) over_at_ = now + stream_->lifetime;
        return std::min(now + stream_->idle, over_at_);
    }

private:
    Time deadline_{};
    Time client_until_{};
    std::chrono::milliseconds after_body_{};
    Time over_at_{};
    StreamSettings const* stream_ = nullptr;
};

}  // namespace grover::gateway
