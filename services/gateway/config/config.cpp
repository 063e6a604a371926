#include "gateway/config/config.hpp"

#include <algorithm>

#include "gateway/routes/table.hpp"
#include "net/endpoint.hpp"

namespace grover::gateway {

void validate(ServiceSettings const& service, config::Where const& where) {
    for (auto const& url : service.instances)
        if (!net::Endpoint::parse(url))
            where.add("instances", "'" + url +
                                       "' is no address: http://host:port, https://host:port or "
                                       "unix:/path");
}

void validate(Config const& config, config::Where const& where) {
    auto const* routes = where.node().find("routes");
    if (!routes || routes->items.size() != config.routes.size()) return;  // said already
    auto const at = [&](std::size_t route, std::string_view member) {
        auto const& node = routes->items[route];
        auto const* found = node.find(member);
        return found ? found->line : node.line;
    };
    std::vector<std::string_view> services;
    for (auto const& [name, service] : config.services) services.push_back(name);
    std::map<std::string, std::size_t> named;
    bool sound = true;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        auto const& route = config.routes[i];
        if (std::ranges::find(services, route.service) == services.end())
            where.problems().add(at(i, "service"), "there is no service '" + route.service + "'" +
                                                       config::suggestion(route.service, services));
        if (!route.name.empty() && !named.emplace(route.name, i).second)
            where.problems().add(at(i, "name"), "another route is called '" + route.name + "'");
        sound = sound && Table::problem_of(route.path).empty();
    }
    for (auto const& [name, version] : config.versions)
        sound = sound && Table::problem_of(version.means).empty();
    if (!sound) return;
    for (auto const& [route, by] : Table(config.routes, config.versions).shadowed())
        where.problems().add(at(route, "path"), "nothing reaches this route: the one of line " +
                                                    std::to_string(at(by, "path")) +
                                                    " takes all of it");
}

}  // namespace grover::gateway
