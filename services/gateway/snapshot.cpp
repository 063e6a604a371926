#include "gateway/snapshot.hpp"

#include <algorithm>

namespace grover::gateway {
namespace {

std::vector<Service> services_of(Config const& config) {
    std::vector<Service> out;
    for (auto const& [name, settings] : config.services) out.push_back({name, settings});
    return out;
}

std::vector<Route> routes_of(Config const& config, std::vector<Service> const& services) {
    std::vector<Route> out;
    for (auto const& route : config.routes) {
        auto const service = std::ranges::find(services, route.service, &Service::name);
        out.push_back({.name = route.name.empty() ? route.path : route.name,
                       .service = static_cast<std::size_t>(service - services.begin())});
    }
    return out;
}

}  // namespace

Snapshot::Snapshot(Config settings, std::uint64_t number)
    : config(std::move(settings)),
      version(number),
      services(services_of(config)),
      table(config.routes, config.versions),
      routes(routes_of(config, services)) {}

std::shared_ptr<Upstream> View::upstream(std::string_view service, std::string_view origin) const {
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
        auto const& [name, settings] = snapshot->services[i];
        if (name == service && upstreams[i] && settings.instances.front() == origin)
            return upstreams[i];
    }
    return nullptr;
}

}  // namespace grover::gateway
