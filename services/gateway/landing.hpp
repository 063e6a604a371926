// Waiting, on a loop, for a fetch that another request makes, perhaps on another loop.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "gateway/cache/flights.hpp"
#include "http/exchange.hpp"
#include "net/task.hpp"

namespace grover::gateway {

/// How the fetch of `key` that is under way ended; nothing when there is none any more, or it took
/// longer than `until`. Throws http::Disconnected once the client has left, which is looked at from
/// limits::client_looked_for_after on.
net::Task<std::optional<cache::Landing>> landed(cache::Flights& flights, std::string_view key,
                                                std::chrono::steady_clock::time_point until,
                                                http::Exchange const& client);

}  // namespace grover::gateway
