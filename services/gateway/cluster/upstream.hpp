// A cluster as one loop sees it: connections to each instance, and who is next.
//
//     auto choice = upstream.pick(guard, question);       // an instance whose breaker lets it pass
//     auto attempt = co_await upstream.connect(*choice, deadline);
//
// Belongs to its loop. Requests keep the Place they use: an instance that goes leaves when the last
// of its requests has ended.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "gateway/attempt.hpp"
#include "gateway/cluster/cluster.hpp"
#include "gateway/cluster/hedge_clock.hpp"
#include "http/h2/client_connections.hpp"
#include "http/upstream.hpp"

namespace grover::gateway {

/// One instance on one loop.
struct Place {
    Place(net::Loop& loop, Cluster::InstancePtr which, http::TlsContext& tls)
        : instance(std::move(which)),
          connections(loop, instance->endpoint, tls),
          shared(loop, connections) {}
    bool speaks_http2(std::chrono::steady_clock::time_point now) const noexcept {
        if (instance->endpoint.kind == net::Endpoint::Kind::tls) return false;
        return protocol == Protocol::http2 ||
               (protocol == Protocol::detect && !shared.refused(now));
    }
    void sweep(std::chrono::steady_clock::time_point now) {
        connections.sweep(now);
        shared.sweep(now);
    }
    void drop_idle() {
        connections.sweep(std::chrono::steady_clock::time_point::max());
        shared.drop_idle();
    }

    Cluster::InstancePtr instance;
    Protocol protocol = Protocol::http1;
    http::Upstream connections;          // HTTP/1.1: one for each request under way
    http::h2::ClientConnections shared;  // HTTP/2: one for all
};
using PlacePtr = std::shared_ptr<Place>;  // shared by the upstream and the requests on the way

class Upstream {
public:
    using TimePoint = resilience::TimePoint;

    Upstream(net::Loop& loop, std::shared_ptr<Cluster> cluster, http::TlsContext& tls);

    std::string const& name() const noexcept { return cluster_->name(); }
    net::Loop& loop() noexcept { return loop_; }
    Cluster& cluster() noexcept { return *cluster_; }
    /// That of the last look; a request that began with it may go on with it.
    Cluster::StatePtr const& state() {
        look();
        return state_;
    }

    struct Question {
        TimePoint now;
        std::uint64_t exclude = 0;  // slots that were tried
        std::uint64_t key = 0;
        bool by_key = false;  // by key even where the service's balance is another
    };
    struct Choice {
        PlacePtr place;
        resilience::CircuitBreaker::Verdict verdict;
        std::uint64_t bit() const noexcept { return std::uint64_t{1} << place->instance->slot; }
    };
    /// Nothing when nobody is left, or when every breaker is open: then `retry_at` says until when.
    std::optional<Choice> pick(RouteGuard& guard, Question question, TimePoint& retry_at);
    /// Throws not_running() when the service has no instances at all.
    void must_run();
    Error not_running() const;
    /// An instance that is not excluded is there.
    bool has_another(std::uint64_t exclude) noexcept { return (members_ & ~exclude) != 0; }
    bool panicking() const noexcept { return balancer_->panicking(); }

    /// An attempt on a kept connection, or as a stream of a shared one; null when there is none.
    static std::unique_ptr<Attempt> kept(PlacePtr const& place);
    /// On a kept connection, or a new one. Null when none can be made; `deadline` may have passed
    /// then.
    static net::Task<std::unique_ptr<Attempt>> connect(PlacePtr place, TimePoint deadline);
    /// On a new connection of its own that can become something else: HTTP/1.1.
    static net::Task<std::unique_ptr<Attempt>> connect_anew(PlacePtr place, TimePoint deadline);
    HedgeClock& hedge_clock() noexcept { return hedge_clock_; }

private:
    void look() {
        if (cluster_->version() != seen_) rebuild();
    }
    void rebuild();
    double weight_of(Instance const& instance, TimePoint now) noexcept;

    net::Loop& loop_;
    std::shared_ptr<Cluster> cluster_;  // shared by the loops
    http::TlsContext& tls_;
    std::uint64_t seen_ = ~std::uint64_t{0};
    Cluster::StatePtr state_;
    std::array<PlacePtr, resilience::Balancer::members_max> places_;  // by slot
    std::uint64_t members_ = 0;
    std::optional<resilience::Balancer> balancer_;  // as the settings say
    std::optional<resilience::Balancer> ring_;      // for what is sticky
    bool starting_slowly_ = false;
    HedgeClock hedge_clock_;
    net::Loop::SweepHandle sweep_;
};

}  // namespace grover::gateway
