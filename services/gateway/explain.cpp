#include "gateway/explain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/routes/table.hpp"
#include "http/head_parser.hpp"
#include "http/target.hpp"

namespace grover::gateway {
namespace {

/// The head that METHOD, URL and fields make.
std::string head_text(std::vector<std::string> const& request) {
    std::string target = request[1], host = "localhost";
    if (auto const scheme = target.find("://"); scheme != std::string::npos) {
        auto const slash = std::min(target.find('/', scheme + 3), target.size());
        host = target.substr(scheme + 3, slash - scheme - 3);
        target = slash == target.size() ? "/" : target.substr(slash);
    }
    std::string out = request[0] + " " + target.substr(0, target.find('#')) + " HTTP/1.1\r\n";
    out += "Host: " + host + "\r\n";
    for (std::size_t i = 2; i < request.size(); ++i) out += request[i] + "\r\n";
    return out + "\r\n";
}

std::string place_of(RouteSettings const& route, std::string const& file) {
    return file + ":" + std::to_string(route.line);
}

std::string describe(RouteSettings const& route, Config const& config) {
    std::string out = "  path     " + route.path + "\n";
    if (!route.service.empty()) {
        out += "  service  " + route.service;
        auto const& instances = config.services.at(route.service).instances;
        if (instances.empty()) out += " (no instance: 503)";
        for (auto const& url : instances) out += " " + url;
        out += "\n";
    }
    for (auto const& [name, part] : route.compose)
        out += fmt::format("  part     {}: {} {}\n", name, part.service, part.get);
    if (route.answer) out += fmt::format("  answer   {}\n", route.answer->status);
    for (auto const& [other, share] : route.canary)
        out += fmt::format("  canary   {} {:.4g}%\n", other, share.value * 100);
    auto const list = [&](std::string_view name, std::vector<std::string> const& items) {
        if (items.empty()) return;
        out += fmt::format("  {:<8} {}\n", name, fmt::join(items, ", "));
    };
    auto limits = config.rate_limits.everywhere;
    limits.insert(limits.end(), route.limits.begin(), route.limits.end());
    list("limits", config.rate_limits.enabled ? limits : std::vector<std::string>{"off"});
    std::vector<std::string> roles;
    for (auto const role : route.access.roles) roles.emplace_back(reflect::name_of(role));
    list("roles", roles);
    list("scopes", route.access.scopes);
    if (route.access.login && roles.empty() && route.access.scopes.empty())
        out += "  login    needed\n";
    return out;
}

}  // namespace

std::string explain(Config const& config, std::string const& file,
                    std::vector<std::string> const& request, bool& taken) {
    if (request.size() < 2)
        throw ConfigError("route explain takes METHOD URL and perhaps fields (\"X-Canary: 1\")");
    auto const text = head_text(request);
    http::RequestParser parser;
    if (parser.parse(text) != http::HeadState::complete || parser.head().size != text.size())
        throw ConfigError("that is no request: " + std::string(parser.refusal().text));
    auto const& head = parser.head();
    taken = false;
    if (auto const why = http::ambiguity_of(head.path()); !why.empty())
        return "no route: 400, " + std::string(why) + "\n";
    Table const table(config.routes, config.versions);
    auto const match = table.find(head);
    taken = match.route != Table::none;

    std::string out;
    for (auto const& [index, why] : table.explain(head)) {
        auto const& route = config.routes[index];
        out += place_of(route, file) + ": " + (route.name.empty() ? route.path : route.name) +
               (why.empty() ? " takes it" : " does not: " + std::string(why)) + "\n";
    }
    if (match.version != Table::none) {
        auto const version = std::next(config.versions.begin(), match.version);
        out += "  version  " + version->first + " (" + version->second.path + " means " +
               version->second.means + ")\n";
    }
    if (taken) return out + describe(config.routes[static_cast<std::size_t>(match.route)], config);
    if (match.allow != 0) return out + "no route: 405, Allow: " + method_list(match.allow) + "\n";
    return out + "no route: the gateway's own pages, or 404\n";
}

std::string access_table(Snapshot const& snapshot) {
    using enum auth::Role;
    auto const shown = [](Access::Verdict verdict) -> std::string {
        return verdict == Access::Verdict::allowed        ? "yes"
               : verdict == Access::Verdict::login_needed ? "401"
                                                          : "403";
    };
    std::string out =
        "| route | methods | anonymous | user | creator | moderator | admin |\n"
        "|---|---|---|---|---|---|---|\n";
    for (std::size_t i = 0; i < snapshot.routes.size(); ++i) {
        auto const& [route, settings] = std::tie(snapshot.routes[i], snapshot.config.routes[i]);
        std::string methods;
        for (auto const method : settings.methods)
            methods.append(methods.empty() ? "" : ", ").append(reflect::name_of(method));
        out += "| `" + route.name + "` | " + (methods.empty() ? "all" : methods) + " | " +
               shown(route.access.of(nullptr));
        for (auto const role : {user, creator, moderator, admin}) {
            auth::Caller caller;
            caller.roles = {role};
            out += " | " + shown(route.access.of(&caller));
        }
        out += route.access.shadow() ? " | (shadow)\n" : " |\n";
    }
    return out;
}

}  // namespace grover::gateway
