#include "gateway/snapshot.hpp"

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

Snapshot::Snapshot(Config settings)
    : config(std::move(settings)),
      services(services_of(config)),
      table(config.routes, config.versions),
      routes(routes_of(config, services)) {}

}  // namespace grover::gateway
