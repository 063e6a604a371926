#include "http/router.hpp"

#include <array>

#include "base/encoding.hpp"
#include "http/fields.hpp"
#include "http/url.hpp"

namespace grover::http {

namespace json = boost::json;

/// A position in a path: where each next segment leads.
struct Router::Node {
    struct Leaf {
        std::string method;
        std::size_t route;
        std::vector<std::string> names;  // of the parameters on the way here
    };
    std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
    std::unique_ptr<Node> parameter;
    std::vector<Leaf> leaves;
};

namespace {

constexpr std::size_t segments_max = 16;

/// The segments of a path without its trailing slash and without the version: /api/v1/x is /api/x.
/// Nothing when there are more than any route has, or the path is not absolute.
struct Segments {
    std::array<std::string_view, segments_max> items;
    std::size_t count = 0;

    bool split(std::string_view path) {
        if (!path.starts_with('/')) return false;
        path.remove_prefix(1);
        while (!path.empty()) {
            if (count == segments_max) return false;
            auto const end = path.find('/');
            items[count++] = path.substr(0, end);
            path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
        }
        if (count >= 2 && items[0] == "api" && items[1] == "v1") {
            std::copy(items.begin() + 2, items.begin() + static_cast<std::ptrdiff_t>(count),
                      items.begin() + 1);
            --count;
        }
        return true;
    }
};

/// Routes that name no tag are grouped by what follows "/api": "/api/users/{id}" is among the
/// users.
std::string default_tag(std::string_view pattern) {
    Segments segments;
    if (!segments.split(pattern) || segments.count < 2) return "operations";
    return std::string(segments.items[1]);
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Router::Added& Router::Added::summary(std::string text) {
    router_->routes_[index_].summary = std::move(text);
    return *this;
}

Router::Added& Router::Added::tag(std::string name) {
    router_->routes_[index_].tag = std::move(name);
    return *this;
}

Router::Added& Router::Added::problems(std::initializer_list<int> statuses) {
    Operation operation(router_->schemas_);
    operation.object() = std::move(router_->routes_[index_].operation);
    for (int const status : statuses) operation.problem(status);
    router_->routes_[index_].operation = std::move(operation.object());
    return *this;
}

Router::Added& Router::Added::also(std::string pattern) {
    return also(router_->routes_[index_].method, std::move(pattern));
}

Router::Added& Router::Added::also(std::string method, std::string pattern) {
    Route alias = router_->routes_[index_];
    alias.method = std::move(method);
    alias.pattern = std::move(pattern);
    router_->insert(std::move(alias));
    return *this;
}

Router::Added Router::insert(Route route) {
    auto const index = routes_.size();
    place(route.method, route.pattern, index);
    routes_.push_back(std::move(route));
    return Added(*this, index);
}

void Router::place(std::string const& method, std::string const& pattern, std::size_t index) {
    Segments segments;
    if (!segments.split(pattern)) throw std::logic_error("not a route pattern: " + pattern);
    Node* node = root_.get();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < segments.count; ++i) {
        auto const segment = segments.items[i];
        auto& next = segment.starts_with('{') ? node->parameter : node->fixed[std::string(segment)];
        if (segment.starts_with('{')) names.emplace_back(segment.substr(1, segment.size() - 2));
        if (!next) next = std::make_unique<Node>();
        node = next.get();
    }
    for (auto const& leaf : node->leaves)
        if (leaf.method == method)
            throw std::logic_error("two routes for " + method + " " + pattern);
    node->leaves.push_back({method, index, std::move(names)});
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
    Match match;
    Segments segments;
    if (!segments.split(path)) return match;

    std::array<std::string_view, segments_max> taken;
    auto const wanted = method == "HEAD" ? std::string_view("GET") : method;
    // Depth first, the fixed segment before the parameter: the first node with routes is the one.
    auto const visit = [&](auto& self, Node const& node, std::size_t depth,
                           std::size_t parameters) -> bool {
        if (depth == segments.count) {
            for (auto const& leaf : node.leaves) {
                if (leaf.method == wanted) {
                    for (std::size_t i = 0; i < leaf.names.size(); ++i) {
                        auto value = percent_decode(taken[i], false);
                        if (!value)
                            throw Error(ErrorCode::malformed, "malformed_path",
                                        "the path is not valid UTF-8");
                        match.parameters.emplace_back(leaf.names[i], *std::move(value));
                    }
                    match.route = &routes_[leaf.route];
                    return true;
                }
                match.allow += (match.allow.empty() ? "" : ", ") + leaf.method;
                if (leaf.method == "GET") match.allow += ", HEAD";
            }
            return !node.leaves.empty();
        }
        auto const segment = segments.items[depth];
        if (auto const next = node.fixed.find(segment); next != node.fixed.end())
            if (self(self, *next->second, depth + 1, parameters)) return true;
        if (node.parameter && !segment.empty()) {
            taken[parameters] = segment;
            if (self(self, *node.parameter, depth + 1, parameters + 1)) return true;
        }
        return false;
    };
    visit(visit, *root_, 0, 0);
    if (match.route)
        match.allow.clear();
    else if (!match.allow.empty())
        match.allow += ", OPTIONS";
    return match;
}

net::Task<Response> Router::dispatch(Request& request) const {
    auto match = this->match(request.method, request.path);
    if (!match.route) {
        if (match.allow.empty()) throw Error(ErrorCode::not_found, "there is no such resource");
        if (request.method != "OPTIONS")
            throw Error(ErrorCode::method_not_allowed,
                        "this resource has no " + request.method.substr(0, 32))
                .with_allow(match.allow);
        Response response;
        response.status = 204;
        response.headers.add("Allow", match.allow);
        co_return response;
    }
    request.route = match.route->pattern;
    // What has no tag matches none (RFC 9110, 13.1.1).
    if (!match.route->conditional && !is_safe(request.method)) IfMatch::of(request).check({});
    auto response = co_await match.route->run(request, std::move(match.parameters));
    apply_conditional(request, response);
    co_return response;
}

void apply_conditional(Request const& request, Response& response) {
    if (!response.tagged || !is_safe(request.method) || response.status != 200) return;
    if (response.headers.contains("ETag")) return;
    if (response.headers.get("Cache-Control").contains("no-store")) return;
    auto const etag = etag_of(response.body, response.edition);
    response.headers.add("ETag", etag);
    std::string room;
    auto const wanted = list_of(request.headers.all(), "If-None-Match", room);
    if (wanted.empty() || !etag_matches(wanted, etag)) return;
    response.status = 304;
    response.body.clear();
    response.headers.remove("Content-Type");
}

json::object Router::openapi(std::string_view title, std::string_view version,
                             std::string_view description) const {
    json::object paths;
    for (auto const& route : routes_) {
        if (route.pattern.starts_with("/internal/")) continue;  // Not for clients.
        auto& path = paths[route.pattern];
        if (!path.is_object()) path.emplace_object();
        json::object operation = route.operation;
        if (!route.summary.empty()) operation["summary"] = route.summary;
        operation["tags"] = json::array{route.tag.empty() ? default_tag(route.pattern) : route.tag};
        std::string id = route.method + route.pattern;
        for (char& c : id) {
            bool const word = !std::string_view("{}/-").contains(c);
            c = word ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
        }
        operation["operationId"] = id;
        operation["x-source"] =
            std::string(route.source.file_name()) + ":" + std::to_string(route.source.line());
        std::string method = route.method;
        for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        path.get_object()[method] = std::move(operation);
    }
    auto schemas = schemas_.used_by(paths);  // Those of internal routes alone are not among them.
    return json::object{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", title},
          {"version", version},
          {"description", description},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", json::array{json::object{{"url", "/"}}}},
        {"paths", std::move(paths)},
        {"components",
         {{"schemas", std::move(schemas)},
          {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

}  // namespace grover::http
