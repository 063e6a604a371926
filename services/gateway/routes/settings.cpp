#include "gateway/routes/settings.hpp"

#include "gateway/routes/table.hpp"

namespace grover::gateway {

void validate(LifecycleSettings const& lifecycle, config::Where const& where) {
    if (lifecycle.sunset && lifecycle.deprecated && *lifecycle.sunset < *lifecycle.deprecated)
        where.add("sunset", "nothing goes before it is deprecated");
    if (lifecycle.gone_after_sunset && !lifecycle.sunset)
        where.add("gone_after_sunset", "there is no sunset");
    for (auto const& [member, url] :
         {std::pair("link", std::string_view(lifecycle.link)), {"successor", lifecycle.successor}})
        if (!url.empty() && (url.find_first_of("<> \"\r\n") != std::string_view::npos ||
                             (!url.starts_with("https://") && !url.starts_with("http://") &&
                              !url.starts_with('/'))))
            where.add(member, "must be a URL");
}

void validate(RouteSettings const& route, config::Where const& where) {
    if (route.path.empty())
        where.add("path", "a route needs a path");
    else if (auto const problem = Table::problem_of(route.path); !problem.empty())
        where.add("path", problem);
    if (route.service.empty()) where.add("service", "a route needs a service");
    double shared = 0;
    for (auto const& [service, share] : route.canary) shared += share.value;
    if (shared > 1) where.add("canary", "the shares are more than everything");
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
