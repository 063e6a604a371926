#include "gateway/cluster/checks.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>

#include "base/random.hpp"
#include "net/async.hpp"
#include "resilience/health.hpp"

namespace grover::gateway {
namespace {

using resilience::Steady;

constexpr auto turn_every = 100ms;
constexpr auto judge_every = 1s;
constexpr auto look_up_time_max = 2s;

/// Up to a tenth more or less, so that not all are asked in step.
std::chrono::nanoseconds jittered(std::chrono::nanoseconds time) {
    auto const spread = static_cast<std::int64_t>(random_u64() % 201) - 100;
    return time + time * spread / 1000;
}

/// A host that may stand for several: a name, not an address, and not the machine itself, whose two
/// addresses are one and the same. TLS is spoken to the name.
bool is_name(net::Endpoint const& endpoint) {
    if (endpoint.kind != net::Endpoint::Kind::tcp || endpoint.host == "localhost") return false;
    boost::system::error_code error;
    boost::asio::ip::make_address(endpoint.host, error);
    return bool(error);
}

}  // namespace

Checks::Checks(service::Kit& kit, Clusters& clusters) : kit_(kit), clusters_(clusters) {
    kit.every(turn_every, "instance checks", [this] { return turn(); });
}

net::Task<> Checks::turn() {
    auto const now = Steady::now();
    bool const judge = now - judged_ >= judge_every;
    if (judge) judged_ = now;
    std::erase_if(watched_, [](auto const& weak) { return weak.expired(); });
    for (auto const& cluster : clusters_.all()) {
        start_new(cluster, *cluster->state());
        if (judge) cluster->judge(now);
    }
    co_return;
}

void Checks::start_new(std::shared_ptr<Cluster> const& cluster, Cluster::State const& state) {
    auto const executor = kit_.loops().at(0).executor();
    for (auto const& instance : state.instances) {
        auto const is_it = [&](auto const& weak) { return weak.lock() == instance; };
        if (std::ranges::any_of(watched_, is_it)) continue;
        watched_.push_back(instance);
        net::asio::co_spawn(
            executor, [this, cluster, instance] { return watch(cluster, instance); },
            net::asio::detached);
    }
    for (auto const& configured : state.settings.instances) {
        auto const endpoint = net::Endpoint::parse(configured);
        if (!endpoint || !is_name(*endpoint)) continue;
        auto known = std::ranges::find_if(names_, [&](auto const& name) {
            return name.cluster == cluster->name() && name.configured == configured;
        });
        if (known == names_.end())
            known = names_.insert(names_.end(), {cluster->name(), configured, {}});
        if (Steady::now() < known->due) continue;
        known->due = Steady::now() + std::max<Steady::duration>(state.settings.resolve_every, 1s);
        net::asio::co_spawn(
            executor, [this, cluster, configured] { return look_up(cluster, configured); },
            net::asio::detached);
    }
}

/// Until the instance is in the configuration no more.
net::Task<> Checks::watch(std::shared_ptr<Cluster> cluster, Cluster::InstancePtr instance) {
    std::optional<resilience::Health> health;
    HealthSettings before;
    while (!instance->retired) {
        auto const settings = cluster->state()->settings.health;
        if (!health || settings != before)
            health.emplace(
                resilience::Health::Options{.rise = settings.rise, .fall = settings.fall});
        before = settings;
        if (settings.enabled) {
            bool leaving = false;
            bool const good = co_await well(instance, settings, leaving);
            using Change = resilience::Health::Change;
            auto const change = leaving ? health->take_down() : health->on_probe(good);
            if (change != Change::none) {
                cluster->set_up(*instance, change == Change::up, Steady::now());
                kit_.log().write(
                    change == Change::up ? telemetry::Level::info : telemetry::Level::warn,
                    change == Change::up ? "an instance is up" : "an instance is down",
                    {{"service", cluster->name()}, {"instance", instance->origin}});
            }
        } else if (!instance->up) {
            cluster->set_up(*instance, true, Steady::now());
        }
        co_await net::pause(jittered(settings.interval));
    }
}

net::Task<bool> Checks::well(Cluster::InstancePtr instance, HealthSettings settings,
                             bool& leaving) {
    try {
        auto const reply =
            co_await kit_.client().send({.origin = instance->origin, .target = settings.path},
                                        Steady::now() + settings.timeout);
        leaving = reply.status == 503;
        co_return reply.status < 500;
    } catch (Error const&) {
        co_return false;
    }
}

/// The last addresses hold while the name cannot be looked up.
net::Task<> Checks::look_up(std::shared_ptr<Cluster> cluster, std::string configured) {
    auto const endpoint = net::Endpoint::parse(configured);
    auto const found =
        co_await net::resolve(kit_.loops().at(0), *endpoint, Steady::now() + look_up_time_max);
    if (found.empty()) co_return;
    std::vector<std::string> addresses;
    // Of one family: the other addresses are likely the same machines once more.
    for (auto const& address : found)
        if (address.protocol().family() == found.front().protocol().family())
            addresses.push_back(net::address_text(address));
    std::ranges::sort(addresses);
    auto const twice = std::ranges::unique(addresses);
    addresses.erase(twice.begin(), twice.end());
    cluster->resolved(configured, addresses);
}

}  // namespace grover::gateway
