#include "gateway/own_routes.hpp"

#include <algorithm>
#include <cctype>

#include <boost/json.hpp>

#include "gateway/routes/table.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;

bool is_own(RouteSettings const& route) {
    return !route.compose.empty() || route.answer;
}

std::string summary(RouteSettings const& route) {
    if (route.answer) return "An answer of the configuration";
    std::string out;
    for (auto const& [name, part] : route.compose) out += (out.empty() ? "" : ", ") + name;
    return "Composed of " + out;
}

std::string source(RouteSettings const& route, std::string const& file) {
    return file + ":" + std::to_string(route.line);
}

json::array path_parameters(std::string_view path) {
    json::array out;
    for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1))
        out.push_back({{"name", path.substr(at + 1, path.find('}', at) - at - 1)},
                       {"in", "path"},
                       {"required", true},
                       {"schema", {{"type", "string"}}}});
    return out;
}

struct OwnAnswer {
    std::string_view status;
    std::string_view description;
    json::object headers;
};

json::object problem(std::string_view description) {
    return {
        {"description", description},
        {"content",
         {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

json::object responses(RouteSettings const& route) {
    auto const failure = problem("a problem, of the gateway or of a part that must not fail");
    if (route.answer)
        return {{std::to_string(route.answer->status), {{"description", "as configured"}}},
                {"default", failure}};
    return {{"200",
             {{"description", "the parts by name; `partial` names those that failed"},
              {"content", {{"application/json", {{"schema", {{"type", "object"}}}}}}}}},
            {"default", failure}};
}

json::object operation(RouteSettings const& route, std::string method, std::string const& file) {
    std::string id = std::move(method) + "_" + route.path;
    std::ranges::replace_if(id, [](unsigned char c) { return !std::isalnum(c); }, '_');
    return {{"summary", summary(route)},
            {"tags", {"gateway"}},
            {"operationId", id},
            {"security", {{{"bearer", json::array()}}, json::object()}},
            {"parameters", path_parameters(route.path)},
            {"responses", responses(route)},
            {"x-source", source(route, file)}};
}

}  // namespace

json::object own_paths(Config const& config, std::string const& file) {
    json::object out;
    for (auto const& route : config.routes) {
        if (!is_own(route) || route.path.ends_with("/**")) continue;
        auto methods = route.methods;
        if (methods.empty()) methods.push_back(Method::GET);
        auto& item = out.emplace(route.path, json::object()).first->value().as_object();
        for (auto const method : methods) {
            std::string name(reflect::name_of(method));
            std::ranges::transform(name, name.begin(),
                                   [](unsigned char c) { return std::tolower(c); });
            item.emplace(name, operation(route, name, file));
        }
    }
    return out;
}

void add_own_answers(json::object& paths) {
    json::object const retry_after{
        {"Retry-After",
         {{"description", "seconds until it may work"}, {"schema", {{"type", "string"}}}}}};
    for (auto& [path, item] : paths)
        for (auto& [method, operation] : item.as_object()) {
            if (!operation.is_object() || !operation.get_object().contains("responses")) continue;
            auto& responses = operation.get_object()["responses"].as_object();
            for (auto const& [status, description, headers] :
                 {OwnAnswer{"429", "more requests than the limits allow", retry_after},
                  {"502", "the service broke off", {}},
                  {"503", "no instance of the service can take it now", retry_after},
                  {"504", "the service did not answer in time", {}}}) {
                auto answer = problem(description);
                if (!headers.empty()) answer["headers"] = headers;
                responses.emplace(status, std::move(answer));
            }
        }
}

std::optional<std::string> own_route(Config const& config, std::string const& file,
                                     std::string_view method, std::string_view target) {
    auto const match =
        Table(config.routes, config.versions).find(method, target.substr(0, target.find('?')));
    if (match.route == Table::none) return {};
    auto const& route = config.routes[static_cast<std::size_t>(match.route)];
    if (!is_own(route)) return {};
    return std::string(method) + " " + route.path + " " + source(route, file) + " " +
           summary(route);
}

}  // namespace grover::gateway
