#include "gateway/admin/admin.hpp"

#include <algorithm>

#include "gateway/cache/key.hpp"
#include "gateway/explain.hpp"
#include "net/async.hpp"

namespace grover::gateway::admin {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// "127.0.0.1:9000", "localhost", "[::1]:9000".
bool is_loopback_host(std::string_view host) {
    auto const port = host.rfind(':');
    auto const name = host.ends_with(']') ? host : host.substr(0, port);
    return name == "127.0.0.1" || name == "localhost" || name == "[::1]";
}

/// A browser that shows somebody's page names the page, or the name under which it was found.
void refuse_pages(http::Request const& request) {
    if (request.headers.contains("Origin") || !is_loopback_host(request.headers.get("Host")))
        throw Error(ErrorCode::forbidden,
                    "not from a web page, and only as 127.0.0.1 or localhost");
}

template <class T>
http::Response list(std::vector<T> const& items) {
    return http::Response::json(200, reflect::to_json(items));
}

LimitView view_of(Limit const& limit) {
    LimitView out{.name = limit.name,
                  .by = {},
                  .quota = limit.policy.permits,
                  .window_ms = static_cast<std::uint64_t>(
                      duration_cast<milliseconds>(limit.policy.period).count()),
                  .burst = limit.policy.burst,
                  .refused = limit.refused->value()};
    for (auto const key : limit.by) out.by.emplace_back(reflect::name_of(key));
    return out;
}

RouteView view_of(RouteSettings const& settings, Route const& route) {
    RouteView out{.name = route.name,
                  .path = settings.path,
                  .methods = {},
                  .host = settings.host,
                  .service = settings.service,
                  .parts = {},
                  .limits = {},
                  .login = !route.access.open(),
                  .roles = settings.access.roles,
                  .scopes = settings.access.scopes,
                  .shadow = route.access.shadow(),
                  .line = settings.line};
    for (auto const method : settings.methods) out.methods.emplace_back(reflect::name_of(method));
    for (auto const& [name, part] : settings.compose)
        out.parts.push_back(part.service + " " + part.get);
    for (auto const* limits : {&route.limits, &route.user_limits})
        for (auto const* limit : *limits) out.limits.push_back(limit->name);
    return out;
}

struct Client {
    std::shared_ptr<Snapshot const> snapshot;  // keeps the limit
    Limit const* limit;
    std::string key;
};

Client client_of(Directory const& directory, std::string const& name, Counted const& who) {
    auto snapshot = directory.snapshot();
    auto const found = std::ranges::find(snapshot->limits, name, &Limit::name);
    if (found == snapshot->limits.end()) throw Error(ErrorCode::not_found, "no such limit");
    auto key = key_of(*found, who);
    if (key.empty()) {
        std::string by;
        for (auto const part : found->by)
            by.append(by.empty() ? "" : ", ").append(reflect::name_of(part));
        throw Error(ErrorCode::malformed, "this limit counts by " + by + ": say whom you mean");
    }
    return {std::move(snapshot), &*found, std::move(key)};
}

StandingView standing_of(Client const& client, resilience::Gcra& gcra) {
    auto const now = gcra.take(client.key, client.limit->policy, resilience::Steady::now(), 0);
    return {client.limit->name, now.remaining,
            static_cast<std::uint64_t>(std::chrono::ceil<milliseconds>(now.reset_after).count())};
}

Counted counted(Optional<"ip"> const& ip, Optional<"user"> const& user,
                Optional<"api_key"> const& api_key, Optional<"route"> const& route) {
    auto const text = [](std::optional<std::string> const& given) {
        return given ? std::string_view(*given) : std::string_view();
    };
    return {text(*ip), text(*user), text(*api_key), text(*route)};
}

}  // namespace

Admin::Admin(Parts parts, std::uint16_t port) : parts_(parts) {
    add_routes();
    parts_.kit.serve_also({.host = "127.0.0.1", .port = port, .name = "admin"},
                          [this](http::Request& request) { return handle(request); });
}

void Admin::add_routes() {
    auto& r = router_;
    r.get("/admin/configuration", *this, &Admin::configuration);
    r.post("/admin/configuration/reload", *this, &Admin::reload);
    r.get("/admin/routes", *this, &Admin::routes);
    r.get("/admin/routes/explain", *this, &Admin::explain);
    r.get("/admin/services", *this, &Admin::services);
    r.get("/admin/instances", *this, &Admin::instances);
    r.get("/admin/breakers", *this, &Admin::breakers);
    r.put("/admin/breakers", *this, &Admin::force);
    r.get("/admin/limits", *this, &Admin::limits);
    r.get("/admin/limits/{limit}", *this, &Admin::standing);
    r.remove("/admin/limits/{limit}", *this, &Admin::forgive);
    r.get("/admin/cache", *this, &Admin::cache);
    r.remove("/admin/cache", *this, &Admin::purge);
    r.get("/admin/log-level", *this, &Admin::log_level);
    r.put("/admin/log-level", *this, &Admin::set_log_level);
    r.post("/admin/drain", *this, &Admin::drain);
}

net::Task<http::Response> Admin::handle(http::Request& request) {
    refuse_pages(request);
    return router_.dispatch(request);
}

net::Task<ConfigurationView> Admin::configuration() {
    auto const state = parts_.reloader.state();
    co_return ConfigurationView{state.version, state.file, state.since};
}

net::Task<ConfigurationView> Admin::reload() {
    auto const problems =
        co_await net::run_blocking(pool_, [this] { return parts_.reloader.reload(); });
    if (!problems.empty()) throw Error(ErrorCode::invalid, problems);
    co_return co_await configuration();
}

net::Task<http::Response> Admin::routes() {
    auto const snapshot = parts_.directory.snapshot();
    std::vector<RouteView> out;
    for (std::size_t i = 0; i < snapshot->routes.size(); ++i)
        out.push_back(view_of(snapshot->config.routes[i], snapshot->routes[i]));
    co_return list(out);
}

net::Task<http::Response> Admin::explain(http::Query<std::string, "url"> url,
                                         Optional<"method"> method) {
    auto const snapshot = parts_.directory.snapshot();
    bool taken = false;
    http::Response response;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    try {
        response.body = gateway::explain(snapshot->config, parts_.reloader.state().file,
                                         {method->value_or("GET"), *url}, taken);
    } catch (ConfigError const& e) {
        throw Error(ErrorCode::malformed, e.what());
    }
    co_return response;
}

net::Task<http::Response> Admin::services() {
    co_return list(service_views(parts_.clusters));
}

net::Task<http::Response> Admin::instances() {
    co_return list(instance_views(parts_.clusters));
}

net::Task<http::Response> Admin::breakers(Optional<"service"> service, Optional<"route"> route,
                                          Optional<"instance"> instance) {
    co_return list(breaker_views(parts_.clusters, {*service, *route, *instance}));
}

net::Task<http::Response> Admin::force(ForceView wanted, Optional<"service"> service,
                                       Optional<"route"> route, Optional<"instance"> instance) {
    BreakerFilter const filter{*service, *route, *instance};
    auto const count = force_breakers(parts_.clusters, filter, wanted.force);
    if (count == 0) throw Error(ErrorCode::not_found, "no such breaker");
    parts_.kit.log().warn("breakers were forced", {{"force", reflect::name_of(wanted.force)},
                                                   {"service", service->value_or("")},
                                                   {"route", route->value_or("")},
                                                   {"instance", instance->value_or("")},
                                                   {"breakers", count}});
    co_return list(breaker_views(parts_.clusters, filter));
}

net::Task<LimitsView> Admin::limits() {
    auto const snapshot = parts_.directory.snapshot();
    LimitsView out{.enabled = snapshot->config.rate_limits.enabled,
                   .limits = {},
                   .exempt = snapshot->config.rate_limits.exempt,
                   .entries = parts_.gcra.entries(),
                   .evicted = parts_.gcra.evicted()};
    for (auto const& limit : snapshot->limits) out.limits.push_back(view_of(limit));
    co_return out;
}

net::Task<StandingView> Admin::standing(http::Path<std::string, "limit"> limit, Optional<"ip"> ip,
                                        Optional<"user"> user, Optional<"api_key"> api_key,
                                        Optional<"route"> route) {
    auto const client = client_of(parts_.directory, *limit, counted(ip, user, api_key, route));
    co_return standing_of(client, parts_.gcra);
}

net::Task<StandingView> Admin::forgive(http::Path<std::string, "limit"> limit, Optional<"ip"> ip,
                                       Optional<"user"> user, Optional<"api_key"> api_key,
                                       Optional<"route"> route) {
    auto const client = client_of(parts_.directory, *limit, counted(ip, user, api_key, route));
    parts_.gcra.give_back(client.key, client.limit->policy, resilience::Steady::now(),
                          client.limit->policy.burst);
    parts_.kit.log().info("a client's limit was reset", {{"limit", client.limit->name}});
    co_return standing_of(client, parts_.gcra);
}

net::Task<CacheView> Admin::cache() {
    auto const counts = parts_.content.store().counts();
    co_return CacheView{counts.keys, counts.bytes, parts_.content.settings().memory.count,
                        counts.evicted, counts.purged};
}

net::Task<PurgeView> Admin::purge(Optional<"url"> url, Optional<"prefix"> prefix,
                                  Optional<"tag"> tag,
                                  http::Query<std::optional<bool>, "all"> all) {
    bool const everything = all->value_or(false);
    if (url->has_value() + prefix->has_value() + tag->has_value() + everything != 1)
        throw Error(ErrorCode::malformed, "name one of url, prefix, tag and all=true");
    auto& store = parts_.content.store();
    std::size_t purged = 0;
    if (*tag) {
        purged = store.purge_tag(**tag);
    } else if (everything) {
        purged = store.purge_all();
    } else {
        auto const key = cache::key_of_url(*url ? **url : **prefix);
        if (key.empty())
            throw Error(ErrorCode::malformed, "a URL as http://host/path was expected");
        for (auto const& apart : parts_.directory.snapshot()->spellings.aparts) {
            auto const whole = cache::with_apart(key, apart);
            purged += *url ? store.purge(whole) : store.purge_prefix(whole);
        }
    }
    parts_.kit.log().info("the cache was purged", {{"urls", purged}});
    co_return PurgeView{purged};
}

net::Task<LogLevelView> Admin::log_level() {
    co_return LogLevelView{static_cast<LogLevel>(parts_.kit.log().level())};
}

net::Task<LogLevelView> Admin::set_log_level(LogLevelView wanted) {
    static_assert(static_cast<int>(LogLevel::off) == static_cast<int>(telemetry::Level::off));
    auto& log = parts_.kit.log();
    log.set_level(static_cast<telemetry::Level>(wanted.level));
    log.warn("the log level was changed", {{"log_level", reflect::name_of(wanted.level)}});
    co_return wanted;
}

net::Task<http::Accepted<http::Message>> Admin::drain() {
    parts_.kit.log().info("asked to drain");
    parts_.kit.stop();
    co_return http::Accepted<http::Message>{{"draining"}};
}

}  // namespace grover::gateway::admin
