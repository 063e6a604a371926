// How long an attempt waits: until the request's deadline for the head of the answer, then as long
// as the route lets a stream be silent, and last.
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
        stream_ = forward.stream;
    }
    Time for_head() const noexcept { return deadline_; }
    /// For the next piece, asked when the wait for it begins. The first time starts the lifetime.
    Time for_more() noexcept {
        if (stream_ == nullptr) return deadline_;
        auto const now = std::chrono::steady_clock::now();
        if (over_at_ == Time{}) over_at_ = now + stream_->lifetime;
        return std::min(now + stream_->idle, over_at_);
    }

private:
    Time deadline_{};
    Time over_at_{};
    StreamSettings const* stream_ = nullptr;
};

}  // namespace grover::gateway
