// Time as the algorithms of this folder take it: an argument, never asked for.
#pragma once

#include <chrono>
#include <cstdint>

namespace grover::resilience {

using Steady = std::chrono::steady_clock;
using TimePoint = Steady::time_point;
using Duration = std::chrono::nanoseconds;

inline std::int64_t ns_of(TimePoint time) noexcept {
    return std::chrono::duration_cast<Duration>(time.time_since_epoch()).count();
}

}  // namespace grover::resilience
