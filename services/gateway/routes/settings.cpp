#include "gateway/routes/settings.hpp"

#include "gateway/routes/table.hpp"

namespace grover::gateway {

void validate(RouteSettings const& route, config::Where const& where) {
    if (route.path.empty())
        where.add("path", "a route needs a path");
    else if (auto const problem = Table::problem_of(route.path); !problem.empty())
        where.add("path", problem);
    if (route.service.empty()) where.add("service", "a route needs a service");
}

void validate(VersionSettings const& version, config::Where const& where) {
    for (auto const& [member, path] :
         {std::pair("path", std::string_view(version.path)), {"means", version.means}}) {
        auto const problem = path.empty() ? "is missing" : Table::problem_of(path);
        if (!problem.empty() || path.find_first_of("{*") != std::string_view::npos)
            where.add(member, "a version has a plain path and what it means: /api/v1 means /api");
    }
}

}  // namespace grover::gateway
