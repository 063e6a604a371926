// What a WebSocket is to the gateway: a request with all the stages of a request, up to the
// service's 101; then bytes both ways, which it does not look into (RFC 9110 section 7.8).
//
//     TunnelDelivery delivery(exchange, tunnels, settings, audience, report);
//     co_await way.ask(delivery);
//     log(report);
//
// Back-pressure: each direction holds one buffer and reads on when it was written. An end of one
// direction is passed on (half-close) where that can be said; the other goes on. A tunnel in which
// nothing moves for `idle` either way ends, as does one that is `lifetime` old, whose session is
// revoked, or that is left towards the end of a drain, and with them both connections. Both sides
// are told why by a Close frame (1001, or 1008 for a session that was revoked), where a frame has
// not just begun.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "gateway/audience.hpp"
#include "gateway/deliver.hpp"
#include "http/duplex.hpp"
#include "net/loop.hpp"
#include "telemetry/metrics.hpp"

namespace grover::gateway {

/// For the access log.
struct TunnelReport {
    /// Why it ended: "client" or "service" (whose end or loss came first), "idle", "lifetime",
    /// "drain", "revoked". Empty: there was none.
    std::string_view ended;
    std::uint64_t bytes_in = 0;   // from the client
    std::uint64_t bytes_out = 0;  // to it
    std::chrono::steady_clock::time_point opened{};
};

using TunnelHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The tunnels of a process, counted. Thread-safe.
class Tunnels {
public:
    /// Made before the loops run, or where they do not yet run anything of it.
    Tunnels(net::Loops& loops, telemetry::Metrics& metrics);
    ~Tunnels();

    /// Passes bytes between the two until both directions have ended. Whoever is the
    /// `audience` is asked whether their session has ended; null: nobody. On a loop; all must
    /// outlive it.
    net::Task<TunnelReport> join(http::Duplex& client, http::Duplex& service,
                                 StreamSettings const& settings, Audience* audience = nullptr);
    /// The process ends: what is open then has limits::tunnel_drain_time_max.
    void drain() noexcept;

private:
    friend class Tunnel;
    struct Place;
    telemetry::Counter& ended(std::string_view why) const noexcept;

    telemetry::Metrics& metrics_;
    telemetry::Counter& bytes_in_;
    telemetry::Counter& bytes_out_;
    std::atomic<std::int64_t> open_ = 0;
    std::atomic<std::chrono::steady_clock::time_point> drain_at_{
        std::chrono::steady_clock::time_point::max()};
    std::vector<Place> places_;  // by loop
};

/// Passes the answer to a request for a WebSocket on: a tunnel when it is 101, else as it is.
class TunnelDelivery final : public RawDelivery {
public:
    /// All must outlive this.
    TunnelDelivery(http::Exchange& exchange, Tunnels& tunnels, StreamSettings const& settings,
                   Audience* audience, TunnelReport& report)
        : RawDelivery(exchange),
          tunnels_(tunnels),
          settings_(settings),
          audience_(audience),
          report_(report) {}
    net::Task<> deliver(Attempt& attempt) override;

private:
    Tunnels& tunnels_;
    StreamSettings const& settings_;
    Audience* const audience_;
    TunnelReport& report_;
};

}  // namespace grover::gateway
