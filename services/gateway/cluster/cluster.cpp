#include "gateway/cluster/cluster.hpp"

#include <algorithm>
#include <bit>

namespace grover::gateway {
namespace {

constexpr std::uint64_t bit(std::size_t i) noexcept {
    return std::uint64_t{1} << i;
}

resilience::OutlierOptions options_of(OutlierSettings const& settings) {
    return {.consecutive = settings.consecutive,
            .base_time = settings.base_time,
            .time_max = settings.time_max,
            .max_share = settings.enabled ? settings.max_share.value : 0};
}

resilience::ConcurrencyOptions options_of(ConcurrencySettings const& settings) {
    return {.min = settings.min,
            .max = settings.max,
            .initial = settings.initial,
            .tolerance = settings.tolerance};
}

/// As the configuration writes it.
std::string origin_of(net::Endpoint const& endpoint) {
    return (endpoint.kind == net::Endpoint::Kind::tls ? "https://" : "http://") +
           endpoint.authority();
}

}  // namespace

Cluster::Cluster(std::string name, telemetry::Metrics& metrics)
    : retries(metrics.counter("gateway_retries_total", "Tries beyond the first, without hedges",
                              {{"service", name}})),
      retries_denied(metrics.counter("gateway_retries_denied_total",
                                     "Tries that the retry budget did not allow",
                                     {{"service", name}})),
      hedges(metrics.counter("gateway_hedges_total",
                             "Second instances asked because the first was slow",
                             {{"service", name}})),
      hedges_won(metrics.counter("gateway_hedges_won_total", "Hedges that answered first",
                                 {{"service", name}})),
      shed(metrics.counter("gateway_shed_total", "Requests refused by the concurrency limit",
                           {{"service", name}})),
      refused_by_breaker(metrics.counter("gateway_breaker_refused_total",
                                         "Requests refused because every breaker was open",
                                         {{"service", name}})),
      name_(std::move(name)) {
    rebuild({});
    auto const gauge = [&](std::string const& name, std::string const& help, auto read) {
        metrics.gauge(name, help, std::move(read), {{"service", name_}});
    };
    gauge("gateway_instances", "Instances of the service",
          [this] { return double(state()->instances.size()); });
    gauge("gateway_instances_up", "Instances that the active checks find well",
          [this] { return double(std::popcount(usable())); });
    gauge("gateway_instances_ejected", "Instances that the passive checks took out",
          [this] { return double(std::popcount(state()->outliers->ejected())); });
    gauge("gateway_concurrency_limit", "Requests that the service is given at a time",
          [this] { return double(state()->limit->limit()); });
    gauge("gateway_in_flight", "Requests that the service is working on",
          [this] { return double(state()->limit->in_flight()); });
    gauge("gateway_retry_budget", "Tries that are saved up", [this] { return budget.saved(); });
}

void Cluster::configure(ServiceSettings settings) {
    budget.set(
        {.ratio = settings.retries.ratio.value, .min_per_second = settings.retries.min_per_second});
    std::lock_guard const lock(mutex_);
    rebuild(std::move(settings));
}

void Cluster::resolved(std::string const& configured, std::vector<std::string> const& addresses) {
    std::lock_guard const lock(mutex_);
    auto& known = addresses_[configured];
    if (known == addresses) return;
    known = addresses;
    rebuild(state_->settings);
}

/// One per configured instance, or one per address of its name.
std::vector<Cluster::Wanted> Cluster::wanted(ServiceSettings const& settings) const {
    std::vector<Wanted> out;
    for (auto const& configured : settings.instances) {
        auto endpoint = net::Endpoint::parse(configured);
        if (!endpoint) continue;
        auto const authority = endpoint->authority();
        auto const known = addresses_.find(configured);
        if (known == addresses_.end() || known->second.empty()) {
            out.push_back({configured, configured, *endpoint, authority});
            continue;
        }
        for (auto const& address : known->second) {
            endpoint->host = address;
            out.push_back({origin_of(*endpoint), configured, *endpoint, authority});
        }
    }
    return out;
}

/// Under the lock.
void Cluster::rebuild(ServiceSettings settings) {
    auto const before = state_;
    auto next = std::make_shared<State>();
    std::uint64_t taken = 0;
    if (before)
        for (auto const& instance : before->instances) taken |= bit(instance->slot);
    for (auto const& one : wanted(settings)) {
        auto instance = take_over(one, before.get(), taken);
        if (!instance) break;  // More than fit: the rest is left out.
        auto const weight = settings.weights.find(one.configured);
        instance->weight = weight == settings.weights.end() ? 1 : weight->second;
        next->instances.push_back(std::move(instance));
    }
    bool const keep_outliers = before && before->settings.outliers == settings.outliers;
    next->outliers = keep_outliers
                         ? before->outliers
                         : std::make_shared<resilience::Outliers>(options_of(settings.outliers));
    bool const keep_limit = before && before->settings.concurrency == settings.concurrency;
    next->limit =
        keep_limit
            ? before->limit
            : std::make_shared<resilience::ConcurrencyLimit>(options_of(settings.concurrency));
    next->settings = std::move(settings);
    if (before)
        for (auto const& old : before->instances)
            if (std::ranges::find(next->instances, old) == next->instances.end())
                old->retired = true;
    update_usable(*next);
    state_ = std::move(next);
    changed();
}

Cluster::InstancePtr Cluster::take_over(Wanted const& wanted, State const* before,
                                        std::uint64_t& taken) {
    if (before) {
        auto const& list = before->instances;
        auto const known = std::ranges::find_if(list, [&](auto const& old) {
            return old->origin == wanted.origin && old->authority == wanted.authority;
        });
        if (known != list.end()) return *known;
    }
    auto const slot = static_cast<std::size_t>(std::countr_one(taken));
    if (slot >= resilience::Balancer::members_max) return nullptr;
    taken |= bit(slot);
    if (before) before->outliers->reset(slot);
    for (auto const& [name, guard] : guards_)
        if (auto* breaker = guard->known_breaker(slot)) breaker->reset();
    auto instance = std::make_shared<Instance>(wanted.origin, wanted.configured, wanted.endpoint,
                                               wanted.authority, slot);
    // The first ones of all have nobody beside whom they must start slowly.
    if (before && !before->instances.empty())
        instance->new_since = resilience::ns_of(resilience::Steady::now());
    return instance;
}

void Cluster::update_usable(State const& state) noexcept {
    std::uint64_t usable = 0;
    for (auto const& instance : state.instances)
        if (instance->up) usable |= bit(instance->slot);
    usable_.store(usable, std::memory_order_relaxed);
}

Cluster::StatePtr Cluster::state() const {
    std::lock_guard const lock(mutex_);
    return state_;
}

std::shared_ptr<RouteGuard> Cluster::guard(std::string const& route) {
    std::lock_guard const lock(mutex_);
    auto& guard = guards_[route];
    if (!guard || guard->settings() != state_->settings.breaker)
        guard = std::make_shared<RouteGuard>(state_->settings.breaker);
    return guard;
}

std::map<std::string, std::shared_ptr<RouteGuard>> Cluster::guards() const {
    std::lock_guard const lock(mutex_);
    return guards_;
}

void Cluster::set_up(Instance& instance, bool up, TimePoint now) {
    std::lock_guard const lock(mutex_);
    if (instance.up.exchange(up) == up) return;
    if (up) {
        // It was gone and is back: what it did before says nothing.
        instance.new_since = resilience::ns_of(now);
        instance.load.latency.clear();
        state_->outliers->reset(instance.slot);
        for (auto const& [name, guard] : guards_)
            if (auto* breaker = guard->known_breaker(instance.slot)) breaker->hint(now);
    }
    update_usable(*state_);
    changed();
}

void Cluster::report(State const& state, Instance& instance, bool good, TimePoint now) {
    instance.tries.fetch_add(1, std::memory_order_relaxed);
    if (!good) instance.failures.fetch_add(1, std::memory_order_relaxed);
    if (instance.retired.load(std::memory_order_relaxed)) return;
    if (state.outliers->record(instance.slot, good, now, usable())) changed();
}

void Cluster::judge(TimePoint now) {
    if (state()->outliers->judge(now, usable())) changed();
}

std::shared_ptr<Cluster> Clusters::get(std::string const& name) {
    std::lock_guard const lock(mutex_);
    auto& cluster = by_name_[name];
    if (!cluster) cluster = std::make_shared<Cluster>(name, metrics_);
    return cluster;
}

std::vector<std::shared_ptr<Cluster>> Clusters::all() const {
    std::lock_guard const lock(mutex_);
    std::vector<std::shared_ptr<Cluster>> out;
    for (auto const& [name, cluster] : by_name_) out.push_back(cluster);
    return out;
}

std::vector<std::string> Clusters::up(std::string const& name) const {
    std::shared_ptr<Cluster> cluster;
    {
        std::lock_guard const lock(mutex_);
        if (auto const found = by_name_.find(name); found != by_name_.end())
            cluster = found->second;
    }
    std::vector<std::string> out;
    if (!cluster) return out;
    for (auto const& instance : cluster->state()->instances)
        if (instance->up) out.push_back(instance->origin);
    return out;
}

}  // namespace grover::gateway
