// What the connections of one server on one loop have in common. Internal to the server.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/error.hpp"
#include "http/client_limit.hpp"
#include "http/h2/flood_guard.hpp"
#include "http/server.hpp"
#include "net/loop.hpp"

namespace grover::http {

/// Written by one loop, read from anywhere.
class Counter {
public:
    void add() noexcept { value_.store(get() + 1, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// Alone on its cache lines: the counters are written per request.
struct alignas(64) Shard {
    net::Loop& loop;
    ServerOptions const& options;
    StreamHandler const& handler;
    AccessObserver const& observer;
    bool draining = false;  // every answer says that the connection ends with it
    bool closing = false;   // and a connection between two requests ends at once
    Counter accepted{};
    Counter requests{};
    Counter malformed{};
    Counter tls_failed{};
    std::array<Counter, client_limits> limits{};
    std::array<Counter, h2::floods> floods{};

    /// A client has run into it.
    void hit(ClientLimit limit) noexcept { limits[static_cast<std::size_t>(limit)].add(); }
    void refused_head(ErrorCode why) noexcept {
        if (why == ErrorCode::uri_too_long)
            hit(ClientLimit::uri_bytes);
        else if (why == ErrorCode::headers_too_large)
            hit(ClientLimit::head_bytes);
        else
            malformed.add();
    }
};

}  // namespace grover::http
