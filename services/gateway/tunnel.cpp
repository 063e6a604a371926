#include "gateway/tunnel.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "net/async.hpp"

namespace grover::gateway {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::array<std::string_view, 5> reasons{"client", "service", "idle", "lifetime", "drain"};

}  // namespace

/// One of them, while it is open.
class Tunnel {
public:
    Tunnel(http::Duplex& client, http::Duplex& service, StreamSettings const& settings,
           Tunnels& all)
        : client_(client),
          service_(service),
          all_(all),
          idle_(settings.idle),
          over_at_(report_.opened + settings.lifetime) {
        ++all_.open_;
    }
    ~Tunnel() { --all_.open_; }
    Tunnel(Tunnel const&) = delete;
    Tunnel& operator=(Tunnel const&) = delete;

    net::Task<TunnelReport> run() {
        moved();
        std::vector<net::Task<bool>> ways;
        ways.push_back(
            pass({client_, "client"}, {service_, "service"}, report_.bytes_in, all_.bytes_in_));
        ways.push_back(
            pass({service_, "service"}, {client_, "client"}, report_.bytes_out, all_.bytes_out_));
        co_await net::gather(std::move(ways));
        all_.ended(report_.ended).add();
        co_return report_;
    }

private:
    struct End {
        http::Duplex& stream;
        std::string_view name;
    };

    /// One direction to its end. What it returns means nothing.
    net::Task<bool> pass(End from, End to, std::uint64_t& bytes, telemetry::Counter& counter) {
        for (;;) {
            auto const piece = co_await from.stream.read();
            if (piece.empty()) break;
            moved();
            if (!co_await to.stream.write(piece)) {
                note(to.name);
                end();
                co_return false;
            }
            moved();
            bytes += piece.size();
            counter.add(piece.size());
        }
        note(from.name);
        if (ending_ || is_late() || !to.stream.finish()) end();
        co_return true;
    }

    void moved() {
        if (ending_) return;
        until_ = std::min(Steady::now() + idle_, over_at_);
        client_.expires_at(until_);
        service_.expires_at(until_);
    }
    bool is_late() const { return Steady::now() >= until_; }
    /// The first end is the one that counts.
    void note(std::string_view side) {
        if (!report_.ended.empty()) return;
        if (!client_.is_open())
            report_.ended = "drain";
        else if (!is_late())
            report_.ended = side;
        else
            report_.ended = until_ == over_at_ ? "lifetime" : "idle";
    }
    /// Both directions: what waits ends at the next sweep.
    void end() {
        ending_ = true;
        client_.expires_at(Steady::time_point::min());
        service_.expires_at(Steady::time_point::min());
    }

    http::Duplex& client_;
    http::Duplex& service_;
    Tunnels& all_;
    Steady::duration const idle_;
    TunnelReport report_{.ended = {}, .opened = Steady::now()};
    Steady::time_point const over_at_;
    Steady::time_point until_{};
    bool ending_ = false;
};

Tunnels::Tunnels(telemetry::Metrics& metrics)
    : metrics_(metrics),
      bytes_in_(metrics.counter("gateway_tunnel_bytes_total", "Bytes through tunnels",
                                {{"direction", "in"}})),
      bytes_out_(metrics.counter("gateway_tunnel_bytes_total", "Bytes through tunnels",
                                 {{"direction", "out"}})) {
    for (auto const why : reasons) ended(why);
    metrics.gauge("gateway_tunnels_open", "WebSockets that are open",
                  [this] { return static_cast<double>(open_.load()); });
}

telemetry::Counter& Tunnels::ended(std::string_view why) const noexcept {
    return metrics_.counter("gateway_tunnels_total", "WebSockets that have ended, by why",
                            {{"ended", std::string(why)}});
}

net::Task<TunnelReport> Tunnels::join(http::Duplex& client, http::Duplex& service,
                                      StreamSettings const& settings) {
    Tunnel tunnel(client, service, settings, *this);
    co_return co_await tunnel.run();
}

net::Task<> TunnelDelivery::deliver(Attempt& attempt) {
    auto const& head = attempt.head();
    if (head.status != 101) co_return co_await RawDelivery::deliver(attempt);
    exchange_.begin(101);
    exchange_.field("Upgrade", "websocket");
    auto const connection = head.get("Connection");
    for (auto const& [name, value] : head.fields)
        if (goes_out(name, connection)) exchange_.field(name, value);
    auto const service = attempt.tunnel();
    auto const client = co_await exchange_.open_tunnel();
    report_ = co_await tunnels_.join(*client, *service, settings_);
}

}  // namespace grover::gateway
