// What a WebSocket is to the gateway: a request with all the stages of a request, up to the
// service's 101; then bytes both ways, which it does not look into (RFC 9110 section 7.8).
//
//     TunnelDelivery delivery(exchange, tunnels, settings);
//     co_await way.ask(delivery);
//     log(delivery.report());
//
// Back-pressure: each direction holds one buffer and reads on when it was written. An end of one
// direction is passed on (half-close) where that can be said; the other goes on. A tunnel in which
// nothing moves for `idle` either way ends, as does one that is `lifetime` old, and with them both
// connections; a server that drains closes what is left at its end.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "gateway/deliver.hpp"
#include "http/duplex.hpp"
#include "telemetry/metrics.hpp"

namespace grover::gateway {

/// For the access log.
struct TunnelReport {
    /// Why it ended: "client" or "service" (whose end or loss came first), "idle", "lifetime",
    /// "drain". Empty: there was none.
    std::string_view ended;
    std::uint64_t bytes_in = 0;   // from the client
    std::uint64_t bytes_out = 0;  // to it
    std::chrono::steady_clock::time_point opened{};
};

/// The tunnels of a process, counted. Thread-safe.
class Tunnels {
public:
    explicit Tunnels(telemetry::Metrics& metrics);

    /// Passes bytes between the two until both directions have ended.
    net::Task<TunnelReport> join(http::Duplex& client, http::Duplex& service,
                                 StreamSettings const& settings);

private:
    friend class Tunnel;
    telemetry::Counter& ended(std::string_view why) const noexcept;

    telemetry::Metrics& metrics_;
    telemetry::Counter& bytes_in_;
    telemetry::Counter& bytes_out_;
    std::atomic<std::int64_t> open_ = 0;
};

/// Passes the answer to a request for a WebSocket on: a tunnel when it is 101, else as it is.
class TunnelDelivery final : public RawDelivery {
public:
    /// All must outlive this.
    TunnelDelivery(http::Exchange& exchange, Tunnels& tunnels, StreamSettings const& settings,
                   TunnelReport& report)
        : RawDelivery(exchange), tunnels_(tunnels), settings_(settings), report_(report) {}
    net::Task<> deliver(Attempt& attempt) override;

private:
    Tunnels& tunnels_;
    StreamSettings const& settings_;
    TunnelReport& report_;
};

}  // namespace grover::gateway
