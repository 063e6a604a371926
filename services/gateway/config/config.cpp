#include "gateway/config/config.hpp"

#include <algorithm>

#include "gateway/routes/table.hpp"

namespace grover::gateway {

void validate(Config const& config, config::Where const& where) {
    auto& problems = where.problems();
    std::vector<std::string_view> services;
    for (auto const& [name, service] : config.services) services.push_back(name);
    std::vector<std::string_view> limits;
    for (auto const& [name, limit] : config.rate_limits.limits) limits.push_back(name);
    std::map<std::string, int> named;
    bool sound = true;
    for (auto const& route : config.routes) {
        if (!route.service.empty() && std::ranges::find(services, route.service) == services.end())
            problems.add(route.line, "there is no service '" + route.service + "'" +
                                         config::suggestion(route.service, services));
        std::vector<std::string> others;
        for (auto const& [service, share] : route.canary) others.push_back(service);
        for (auto const& [name, part] : route.compose) others.push_back(part.service);
        for (auto const& service : others)
            if (!service.empty() && std::ranges::find(services, service) == services.end())
                problems.add(route.line, "there is no service '" + service + "'" +
                                             config::suggestion(service, services));
        for (auto const& limit : route.limits)
            if (std::ranges::find(limits, limit) == limits.end())
                problems.add(route.line, "there is no limit '" + limit + "'" +
                                             config::suggestion(limit, limits));
        if (!route.name.empty() && !named.emplace(route.name, route.line).second)
            problems.add(route.line, "another route is called '" + route.name + "'");
        sound = sound && Table::problem_of(route.path).empty();
    }
    for (auto const& [name, version] : config.versions)
        sound = sound && Table::problem_of(version.means).empty();
    if (!sound) return;
    for (auto const& [route, by] : Table(config.routes, config.versions).shadowed())
        problems.add(config.routes[route].line, "nothing reaches this route: the one of line " +
                                                    std::to_string(config.routes[by].line) +
                                                    " takes all of it");
}

}  // namespace grover::gateway
