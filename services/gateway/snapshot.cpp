#include "gateway/snapshot.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace grover::gateway {
namespace {

std::vector<Service> services_of(Config const& config) {
    std::vector<Service> out;
    for (auto const& [name, settings] : config.services) out.push_back({name, settings});
    return out;
}

std::size_t index_of(std::vector<Service> const& services, std::string const& name) {
    auto const found = std::ranges::find(services, name, &Service::name);
    return found == services.end() ? Route::no_service
                                   : static_cast<std::size_t>(found - services.begin());
}

std::vector<Limit> limits_of(Config const& config, telemetry::Metrics& metrics) {
    std::vector<Limit> out;
    if (!config.rate_limits.enabled) return out;
    for (auto const& [name, settings] : config.rate_limits.limits)
        out.emplace_back(name, settings, metrics);
    return out;
}

/// What tells answers of a route, at `canary` if there is one, from those of others to the same
/// URL: its conditions beside host, path and method; mostly none. See Asking::apart().
std::string apart_of(RouteSettings const& route, std::string_view canary = {}) {
    std::string out;
    auto const add = [&](std::string_view kind, std::map<std::string, std::string> const& wanted) {
        for (auto const& [name, value] : wanted)
            out.append(kind).append(percent_encode(name)).append("=").append(percent_encode(value));
    };
    add(":", route.headers);
    add("?", route.query);
    if (!canary.empty()) out.append("@").append(percent_encode(canary));
    return out;
}

template <class T>
void sort_each_once(std::vector<T>& list) {
    std::ranges::sort(list);
    auto const again = std::ranges::unique(list);
    list.erase(again.begin(), again.end());
}

cache::Spellings spellings_of(Config const& config) {
    cache::Spellings out;
    for (auto const& route : config.routes) {
        if (!route.cache) continue;
        out.queries.push_back(route.cache->query);
        out.aparts.push_back(apart_of(route));
        for (auto const& [service, share] : route.canary)
            out.aparts.push_back(apart_of(route, service));
    }
    sort_each_once(out.queries);
    sort_each_once(out.aparts);
    for (auto const& [name, version] : config.versions)
        out.versions.emplace_back(version.path, version.means);
    return out;
}

Route route_of(RouteSettings const& settings, Snapshot const& snapshot,
               telemetry::Metrics& metrics) {
    auto const& config = snapshot.config;
    auto const name = settings.name.empty() ? settings.path : settings.name;
    Route out{.name = name,
              .service = index_of(snapshot.services, settings.service),
              .apart = apart_of(settings),
              .canary = {},
              .services = {},
              .access = Access(settings.access, config.authorization),
              .limits = {},
              .user_limits = {},
              .lifecycle = Lifecycle(settings.lifecycle, "route", name, metrics),
              .content = {.cache = settings.cache,
                          .compression = settings.compression.value_or(config.compression),
                          .spellings =
                              snapshot.spellings.queries.empty() ? nullptr : &snapshot.spellings},
              .changes = !settings.request.empty() || !settings.response.empty(),
              .takes_all = settings.path == "/**",
              .websocket = std::ranges::find(settings.upgrade, Upgrade::websocket) !=
                           settings.upgrade.end()};
    if (!settings.compose.empty()) out.composition.emplace(settings.path, settings.compose);
    double end = 0;
    for (auto const& [service, share] : settings.canary)
        out.canary.push_back({end += share.value, index_of(snapshot.services, service),
                              apart_of(settings, service)});
    if (!out.is_own()) out.services.push_back(out.service);
    for (auto const& one : out.canary) out.services.push_back(one.service);
    for (auto const& [name_of_part, part] : settings.compose)
        out.services.push_back(index_of(snapshot.services, part.service));
    auto names = config.rate_limits.everywhere;
    names.insert(names.end(), settings.limits.begin(), settings.limits.end());
    for (auto const& wanted : names) {
        auto const limit = std::ranges::find(snapshot.limits, wanted, &Limit::name);
        if (limit == snapshot.limits.end()) continue;
        auto& list = limit->counts_by(LimitKey::user) ? out.user_limits : out.limits;
        if (std::ranges::find(list, &*limit) == list.end()) list.push_back(&*limit);
    }
    return out;
}

}  // namespace

Snapshot::Snapshot(Config settings, std::uint64_t number, telemetry::Metrics& metrics)
    : config(std::move(settings)),
      version(number),
      services(services_of(config)),
      table(config.routes, config.versions),
      trusted_proxies(config.clients.trusted_proxies),
      cors(config.cors),
      spellings(spellings_of(config)),
      limits(limits_of(config, metrics)),
      unlimited(config.rate_limits.exempt) {
    for (auto const& limit : limits) {
        auto const& names = config.rate_limits.everywhere;
        if (!limit.counts_by(LimitKey::user) && std::ranges::find(names, limit.name) != names.end())
            everywhere.push_back(&limit);
    }
    for (auto const& route : config.routes) routes.push_back(route_of(route, *this, metrics));
    for (auto const& [name, settings_of_version] : config.versions)
        versions.push_back({settings_of_version.path, settings_of_version.means,
                            Lifecycle(settings_of_version.lifecycle, "version", name, metrics)});
}

std::shared_ptr<Upstream> View::upstream(std::string_view service) const {
    for (std::size_t i = 0; i < upstreams.size(); ++i)
        if (snapshot->services[i].name == service) return upstreams[i];
    return nullptr;
}

TryRules const& View::rules(std::size_t route, std::size_t service) const {
    return std::ranges::find(tries[route], service, &std::pair<std::size_t, TryRules>::first)
        ->second;
}

}  // namespace grover::gateway
