// Waiting, on a loop, for a fetch that another request makes, perhaps on another loop.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "gateway/cache/flights.hpp"
#include "net/task.hpp"

namespace grover::gateway {

/// How the fetch of `key` that is under way ended; nothing when there is none any more, or it took
/// longer than `until`.
net::Task<std::optional<cache::Landing>> landed(cache::Flights& flights, std::string_view key,
                                                std::chrono::steady_clock::time_point until);

}  // namespace grover::gateway
