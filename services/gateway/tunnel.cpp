#include "gateway/tunnel.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "http/fields.hpp"
#include "http/websocket_frames.hpp"
#include "net/async.hpp"

namespace grover::gateway {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::array<std::string_view, 6> reasons{"client",   "service", "idle",
                                                  "lifetime", "drain",   "revoked"};
// RFC 6455 section 7.4.1.
constexpr std::uint16_t going_away = 1001, policy_violation = 1008;

}  // namespace

/// One of them, while it is open.
class Tunnel : public TunnelHook {
public:
    Tunnel(http::Duplex& client, http::Duplex& service, StreamSettings const& settings,
           Audience* audience, Tunnels& all)
        : client_(client),
          service_(service),
          audience_(audience),
          all_(all),
          idle_(settings.idle),
          over_at_(report_.opened + settings.lifetime) {
        ++all_.open_;
    }
    ~Tunnel() { --all_.open_; }

    net::Task<TunnelReport> run() {
        moved();
        Way in{client_, service_, "client", "service", report_.bytes_in, all_.bytes_in_};
        Way out{service_, client_, "service", "client", report_.bytes_out, all_.bytes_out_};
        co_await both(pass(in), pass(out));
        if (is_ours(report_.ended)) {
            until_ = Steady::now() + limits::tunnel_close_time_max;
            client_.expires_at(until_);
            service_.expires_at(until_);
            co_await both(say_goodbye(in, static_cast<std::uint32_t>(random_u64())),
                          say_goodbye(out, {}));
        }
        all_.ended(report_.ended).add();
        co_return report_;
    }

    /// At every sweep of its loop.
    void look(Steady::time_point drain_at) {
        if (audience_ != nullptr && audience_->is_revoked())
            hasten(Steady::now(), "revoked");
        else
            hasten(drain_at, "drain");
    }

private:
    /// One direction.
    struct Way {
        http::Duplex& from;
        http::Duplex& to;
        std::string_view from_name;
        std::string_view to_name;
        std::uint64_t& bytes;
        telemetry::Counter& counter;
        http::websocket::FrameFollower said{};
        bool open = true;  // more can be said
    };

    static net::Task<> both(net::Task<bool> one, net::Task<bool> other) {
        std::vector<net::Task<bool>> ways;
        ways.push_back(std::move(one));
        ways.push_back(std::move(other));
        co_await net::gather(std::move(ways));
    }

    /// To its end. What it returns means nothing.
    net::Task<bool> pass(Way& way) {
        for (;;) {
            auto const piece = co_await way.from.read();
            if (piece.empty()) break;
            moved();
            if (ending_ || is_late()) break;
            if (!co_await way.to.write(piece)) {
                way.open = false;
                note(way.to_name);
                end();
                co_return false;
            }
            moved();
            way.said.follow(piece);
            way.bytes += piece.size();
            way.counter.add(piece.size());
        }
        note(way.from_name);
        if (ending_ || is_late()) {
            end();
        } else {
            way.open = false;
            if (!way.to.finish()) end();
        }
        co_return true;
    }

    /// Behind a whole frame. What the other side has sent and nobody reads would be answered with a
    /// reset, which may overtake the frame: so it is read until that side has closed.
    net::Task<bool> say_goodbye(Way& way, std::optional<std::uint32_t> mask) {
        if (!way.open || !way.said.takes_another()) co_return false;
        auto const code = report_.ended == "revoked" ? policy_violation : going_away;
        if (!co_await way.to.write(http::websocket::close_frame(code, report_.ended, mask)))
            co_return false;
        way.to.finish();
        while (!(co_await way.to.read()).empty()) continue;
        co_return true;
    }

    void moved() {
        if (ending_) return;
        until_ = std::min(Steady::now() + idle_, over_at_);
        client_.expires_at(until_);
        service_.expires_at(until_);
    }
    void hasten(Steady::time_point over_at, std::string_view why) {
        if (over_at >= over_at_) return;
        over_at_ = over_at;
        why_over_ = why;
        until_ = std::min(until_, over_at_);
        if (ending_) return;
        client_.expires_at(until_);
        service_.expires_at(until_);
    }
    bool is_late() const { return Steady::now() >= until_; }
    static bool is_ours(std::string_view why) { return why != "client" && why != "service"; }
    /// The first end is the one that counts.
    void note(std::string_view side) {
        if (!report_.ended.empty()) return;
        if (!client_.is_open())
            report_.ended = "drain";
        else if (!is_late())
            report_.ended = side;
        else
            report_.ended = until_ == over_at_ ? why_over_ : "idle";
    }
    /// Both directions: what waits ends at the next sweep.
    void end() {
        ending_ = true;
        client_.expires_at(Steady::time_point::min());
        service_.expires_at(Steady::time_point::min());
    }

    http::Duplex& client_;
    http::Duplex& service_;
    Audience* const audience_;
    Tunnels& all_;
    Steady::duration const idle_;
    TunnelReport report_{.ended = {}, .opened = Steady::now()};
    Steady::time_point over_at_;
    std::string_view why_over_ = "lifetime";
    Steady::time_point until_{};
    bool ending_ = false;
};

struct Tunnels::Place {
    boost::intrusive::list<Tunnel, boost::intrusive::base_hook<TunnelHook>,
                           boost::intrusive::constant_time_size<false>>
        open;
    net::Loop::SweepHandle sweep;
};

Tunnels::Tunnels(net::Loops& loops, telemetry::Metrics& metrics)
    : metrics_(metrics),
      bytes_in_(metrics.counter("gateway_tunnel_bytes_total", "Bytes through tunnels",
                                {{"direction", "in"}})),
      bytes_out_(metrics.counter("gateway_tunnel_bytes_total", "Bytes through tunnels",
                                 {{"direction", "out"}})),
      places_(loops.size()) {
    for (auto const why : reasons) ended(why);
    metrics.gauge("gateway_tunnels_open", "WebSockets that are open",
                  [this] { return static_cast<double>(open_.load()); });
    for (std::size_t i = 0; i < places_.size(); ++i)
        places_[i].sweep = loops.at(i).on_sweep([this, &place = places_[i]](auto) {
            auto const drain_at = drain_at_.load(std::memory_order_relaxed);
            for (auto& tunnel : place.open) tunnel.look(drain_at);
        });
}

Tunnels::~Tunnels() = default;

void Tunnels::drain() noexcept {
    drain_at_.store(Steady::now() + limits::tunnel_drain_time_max, std::memory_order_relaxed);
}

telemetry::Counter& Tunnels::ended(std::string_view why) const noexcept {
    return metrics_.counter("gateway_tunnels_total", "WebSockets that have ended, by why",
                            {{"ended", std::string(why)}});
}

net::Task<TunnelReport> Tunnels::join(http::Duplex& client, http::Duplex& service,
                                      StreamSettings const& settings, Audience* audience) {
    Tunnel tunnel(client, service, settings, audience, *this);
    places_[net::Loop::current()->index()].open.push_back(tunnel);
    co_return co_await tunnel.run();
}

net::Task<> TunnelDelivery::deliver(Attempt& attempt) {
    auto const& head = attempt.head();
    if (head.status != 101) co_return co_await RawDelivery::deliver(attempt);
    exchange_.begin(101);
    exchange_.field("Upgrade", "websocket");
    std::string room;
    auto const connection = http::list_of(head.fields, "Connection", room);
    for (auto const& [name, value] : head.fields)
        if (goes_out(name, connection)) exchange_.field(name, value);
    auto const service = attempt.tunnel();
    auto const client = co_await exchange_.open_tunnel();
    report_ = co_await tunnels_.join(*client, *service, settings_, audience_);
}

}  // namespace grover::gateway
