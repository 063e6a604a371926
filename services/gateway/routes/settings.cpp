#include "gateway/routes/settings.hpp"

#include <algorithm>

#include "gateway/routes/table.hpp"
#include "gateway/transform/path_template.hpp"

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

namespace {

/// A path for the service has only names that the route's own has.
void check_request_path(RouteSettings const& route, config::Where const& where) {
    auto const& path = route.request.path;
    if (path.empty()) return;
    if (!path.starts_with('/') || path.find_first_of(" ?#\t\r\n") != std::string::npos)
        where.add("request", "a path for the service is plain: /v2/posts/{id}{**}");
    if (path.ends_with("/**")) where.add("request", "what '/**' took is '{**}' there");
    auto known = names_in(route.path);
    if (route.path.ends_with("/**")) known.emplace_back("**");
    for (auto const& name : names_in(path))
        if (std::ranges::find(known, name) == known.end())
            where.add("request", "the path has no '{" + name + "}'");
}

void check_target(RouteSettings const& route, config::Where const& where) {
    int const targets = !route.service.empty() + !route.compose.empty() + route.answer.has_value();
    if (targets == 0) where.add("service", "a route needs a service, or compose, or an answer");
    if (targets > 1) where.add("service", "one of service, compose and answer");
    if (route.service.empty()) {
        if (!route.canary.empty()) where.add("canary", "needs a service");
        if (!route.request.empty()) where.add("request", "needs a service");
        if (!route.response.empty()) where.add("response", "needs a service");
        if (!route.upgrade.empty()) where.add("upgrade", "needs a service");
    }
    if (route.compose.empty()) return;
    if (route.methods != std::vector{Method::GET})
        where.add("methods", "a composition answers GET: methods: [GET]");
    check_parts(route.compose, route.path, where);
}

}  // namespace

void validate(RouteSettings const& route, config::Where const& where) {
    if (route.path.empty())
        where.add("path", "a route needs a path");
    else if (auto const problem = Table::problem_of(route.path); !problem.empty())
        where.add("path", problem);
    validate(static_cast<ResilienceSettings const&>(route), where);
    check_target(route, where);
    check_request_path(route, where);
    if (!route.upgrade.empty() && !route.methods.empty() &&
        std::ranges::find(route.methods, Method::GET) == route.methods.end())
        where.add("upgrade", "a WebSocket begins with GET, which this route does not take");
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
    if (version.path == version.means) where.add("means", "a version means itself");
}

}  // namespace grover::gateway
