#include "gateway/config/config.hpp"

#include <algorithm>

#include "gateway/routes/table.hpp"

namespace grover::gateway {
namespace {

/// Scopes that no role has: a spelling mistake, or a route that nobody can use.
void check_scopes(Config const& config, config::Problems& problems) {
    std::vector<std::string_view> granted;
    for (auto const& [role, scopes] : config.authorization.roles)
        granted.insert(granted.end(), scopes.begin(), scopes.end());
    // A "*" grants what no other role does, but a likely mistake is one nevertheless.
    bool const all = std::ranges::find(granted, "*") != granted.end();
    for (auto const& route : config.routes)
        for (auto const& scope : route.access.scopes) {
            if (std::ranges::find(granted, scope) != granted.end()) continue;
            if (all && config::closest(scope, granted).empty()) continue;
            problems.add(route.line, "no role has the scope '" + scope + "'" +
                                         config::suggestion(scope, granted));
        }
}

}  // namespace

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
        for (auto const& [service, share] : route.canary) {
            others.push_back(service);
            if (service == route.service)
                problems.add(route.line, "'" + service + "' is the canary of itself");
        }
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
    check_scopes(config, problems);
    if (!sound) return;
    for (auto const& [route, by] : Table(config.routes, config.versions).shadowed())
        problems.add(config.routes[route].line, "nothing reaches this route: the one of line " +
                                                    std::to_string(config.routes[by].line) +
                                                    " takes all of it");
}

}  // namespace grover::gateway
