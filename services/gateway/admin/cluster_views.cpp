#include "gateway/admin/cluster_views.hpp"

namespace grover::gateway::admin {
namespace {

using Force = resilience::CircuitBreaker::Force;
using State = resilience::CircuitBreaker::State;

BreakerState view_of(State state) {
    switch (state) {
        case State::closed:
            return BreakerState::closed;
        case State::half_open:
            return BreakerState::half_open;
        case State::open:
            break;
    }
    return BreakerState::open;
}

BreakerForce view_of(Force force) {
    switch (force) {
        case Force::none:
            return BreakerForce::none;
        case Force::open:
            return BreakerForce::open;
        case Force::closed:
            break;
    }
    return BreakerForce::closed;
}

Force meant(BreakerForce force) {
    switch (force) {
        case BreakerForce::none:
            return Force::none;
        case BreakerForce::open:
            return Force::open;
        case BreakerForce::closed:
            break;
    }
    return Force::closed;
}

bool matches(std::optional<std::string> const& wanted, std::string const& name) {
    return !wanted || *wanted == name;
}

/// Calls `visit(cluster, route, guard, instance)` for each breaker that may be meant.
template <class Visit>
void each_breaker(Clusters const& clusters, BreakerFilter const& filter, Visit visit) {
    for (auto const& cluster : clusters.all()) {
        if (!matches(filter.service, cluster->name())) continue;
        auto const state = cluster->state();
        for (auto const& [route, guard] : cluster->guards()) {
            if (!guard->enabled() || !matches(filter.route, route)) continue;
            for (auto const& instance : state->instances)
                if (matches(filter.instance, instance->origin))
                    visit(*cluster, route, *guard, *instance);
        }
    }
}

}  // namespace

std::vector<ServiceView> service_views(Clusters const& clusters) {
    std::vector<ServiceView> out;
    for (auto const& cluster : clusters.all()) {
        ServiceView one{.service = cluster->name(),
                        .retries = cluster->retries.value(),
                        .retries_denied = cluster->retries_denied.value(),
                        .hedges = cluster->hedges.value(),
                        .hedges_won = cluster->hedges_won.value(),
                        .shed = cluster->shed.value(),
                        .refused_by_breaker = cluster->refused_by_breaker.value()};
        if (auto const state = cluster->state(); state->limit) {
            one.in_flight = state->limit->in_flight();
            one.limit = state->limit->limit();
        }
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<InstanceView> instance_views(Clusters const& clusters) {
    std::vector<InstanceView> out;
    auto const now = resilience::Steady::now();
    for (auto const& cluster : clusters.all()) {
        auto const state = cluster->state();
        auto const ejected = state->outliers->ejected();
        for (auto const& instance : state->instances)
            out.push_back({.service = cluster->name(),
                           .instance = instance->origin,
                           .configured = instance->configured,
                           .weight = instance->weight.load(),
                           .up = instance->up.load(),
                           .ejected = (ejected >> instance->slot & 1) != 0,
                           .in_flight = instance->load.in_flight(),
                           .latency_ms = instance->load.latency.value(now) / 1e6,
                           .tries = instance->tries.load(),
                           .failures = instance->failures.load()});
    }
    return out;
}

std::vector<BreakerView> breaker_views(Clusters const& clusters, BreakerFilter const& filter) {
    std::vector<BreakerView> out;
    auto const now = resilience::Steady::now();
    each_breaker(clusters, filter, [&](auto& cluster, auto& route, auto& guard, auto& instance) {
        BreakerView one{.service = cluster.name(), .route = route, .instance = instance.origin};
        if (auto const* breaker = guard.known_breaker(instance.slot)) {
            auto const counts = breaker->counts(now);
            one.state = view_of(breaker->state());
            one.forced = view_of(breaker->forced());
            one.trips = breaker->trips();
            one.calls = counts.calls;
            one.errors = counts.errors;
            one.slow = counts.slow;
        }
        out.push_back(std::move(one));
    });
    return out;
}

std::size_t force_breakers(Clusters const& clusters, BreakerFilter const& filter,
                           BreakerForce force) {
    std::size_t count = 0;
    auto const now = resilience::Steady::now();
    each_breaker(clusters, filter, [&](auto&, auto&, auto& guard, auto& instance) {
        guard.breaker(instance.slot).force(meant(force), now);
        ++count;
    });
    return count;
}

}  // namespace grover::gateway::admin
