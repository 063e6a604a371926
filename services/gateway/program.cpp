#include "gateway/program.hpp"

#include <algorithm>
#include <iostream>

#include "auth/token.hpp"
#include "gateway/ask_service.hpp"
#include "gateway/compose/part_call.hpp"
#include "gateway/explain.hpp"
#include "gateway/own_routes.hpp"
#include "gateway/stages/upgrade.hpp"
#include "gateway/transform/transform.hpp"
#include "http/target.hpp"
#include "net/async.hpp"
#include "service/pipeline.hpp"

namespace grover::gateway {
namespace {

constexpr int client_gone = 499;  // in the log: nobody was there to be answered

std::shared_ptr<Snapshot const> compile(Config config, Overrides const& overrides,
                                        service::Kit& kit) {
    overrides.apply(config);
    return std::make_shared<Snapshot const>(std::move(config), 1, kit.metrics());
}

/// The token of the head, and whether there was one at all: a malformed Authorization is a wrong
/// one.
std::string_view presented_token(http::RequestHead const& head) {
    return service::presented_token(head.get("Authorization"), head.get("Cookie"));
}

/// Where somebody stands between 0 and 1, the same today and tomorrow, on every process (FNV-1a,
/// with its bits mixed as in MurmurHash3's finaliser).
double sticky_place(std::string_view who) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (char const c : who) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
    return static_cast<double>(hash >> 11) * 0x1p-53;
}

/// Who asks, for limits that need no user.
Counted counted(http::Exchange const& exchange, Snapshot const& snapshot, std::string_view route) {
    return {.address = exchange.peer_address(),
            .user = {},
            .api_key = exchange.head().get(snapshot.config.rate_limits.api_key_header),
            .route = route};
}

/// Health, metrics, documents and events of the gateway itself stay in reach whatever the routes
/// take.
bool is_own_page(std::string_view path) noexcept {
    return path == "/health" || path.starts_with("/health/") || path == "/metrics" ||
           path == "/docs" || path.starts_with("/docs/") || path == "/openapi.json" ||
           path == "/internal/events";
}

}  // namespace

Program::Config Program::Config::read(Environment& env) {
    auto const file = env.text("GATEWAY_CONFIG", default_config_file(), "the configuration file");
    Config out{.source = Source::of(file), .settings = {}, .overrides = {}};
    out.settings = parse_config(out.source);
    out.overrides = Overrides::read(env, out.settings);
    constexpr auto purpose = "port of the admin API on 127.0.0.1; unset: there is none";
    if (env.optional_text("ADMIN_PORT", purpose))
        out.admin_port =
            static_cast<std::uint16_t>(env.integer("ADMIN_PORT", 0, 0, 65535, purpose));
    return out;
}

Program::Program(service::Kit& kit, Config config)
    : kit_(kit),
      clusters_(kit.metrics()),
      checks_(kit, clusters_),
      directory_(kit, clusters_, compile(std::move(config.settings), config.overrides, kit)),
      views_(kit.loops().size()),
      sessions_(kit, directory_.peer("user")),
      shadow_refusals_(kit.metrics().counter("gateway_shadow_refusals_total",
                                             "Requests that authorization would have refused")),
      content_(directory_.snapshot()->config.cache, kit.metrics()),
      purge_by_events_(directory_, content_, kit.metrics()),
      tunnels_(kit.loops(), kit.metrics()),
      overview_([this] { return directory_.members(); },
                [this](std::string_view path) { return directory_.snapshot()->table.knows(path); },
                [this, file = config.source.file] {
                    return own_paths(directory_.snapshot()->config, file);
                }),
      reloader_(kit, std::move(config.source), config.overrides,
                [this](auto snapshot) { use(std::move(snapshot)); }) {
    for (std::size_t loop = 0; loop < views_.size(); ++loop)
        tls_.push_back(std::make_unique<http::TlsContext>());
    for (auto const& member : directory_.members())
        kit.dependency(member.name + "_service", [peer = member.peer](http::Deadline deadline) {
            return peer->healthy(deadline);
        });
    configure(*directory_.snapshot());
    for (std::size_t loop = 0; loop < views_.size(); ++loop)
        views_[loop] = make_view(loop, directory_.snapshot());
    warn_of(*directory_.snapshot());
    kit.on_drain([this] { tunnels_.drain(); });
    if (config.admin_port)
        admin_.emplace(admin::Admin::Parts{kit_, directory_, clusters_, reloader_, gcra_, content_},
                       *config.admin_port);
}

std::optional<int> Program::command(Environment& env, std::vector<std::string> const& arguments) {
    bool const check = arguments.size() == 2 && arguments[0] == "--check-config";
    bool const where = arguments.size() == 3 && arguments[0] == "--where";
    auto const verb_is = [&](std::string_view verb) {
        return !arguments.empty() && arguments[0] == verb;
    };
    if (verb_is("--check-config") && arguments.size() > 2)
        throw ConfigError("--check-config takes one FILE");
    if (!check && !where && !verb_is("route")) return {};
    auto const file = check ? arguments[1] : env.text("GATEWAY_CONFIG", default_config_file(), "");
    auto config = parse_config(Source::of(file));
    if (check) {
        std::cout << file << " is good\n";
        return 0;
    }
    if (where) {
        auto const own = own_route(config, file, arguments[1], arguments[2]);
        if (!own) return {};
        std::cout << *own << '\n';
        return 0;
    }
    Overrides::read(env, config).apply(config);
    auto const verb = arguments.size() > 1 ? arguments[1] : std::string();
    if (verb == "explain") {
        bool taken = false;
        std::cout << explain(config, file, {arguments.begin() + 2, arguments.end()}, taken);
        return taken ? 0 : 1;
    }
    if (verb != "access" || arguments.size() > 2)
        throw ConfigError("route explain METHOD URL, or route access");
    telemetry::Metrics metrics;
    std::cout << access_table(Snapshot(std::move(config), 1, metrics));
    return 0;
}

void Program::use(std::shared_ptr<Snapshot const> snapshot) {
    configure(*snapshot);
    directory_.use(snapshot);
    warn_of(*snapshot);
    for (std::size_t loop = 0; loop < views_.size(); ++loop)
        net::asio::post(kit_.loops().at(loop).executor(),
                        [this, loop, snapshot] { views_[loop] = make_view(loop, snapshot); });
}

void Program::warn_of(Snapshot const& snapshot) {
    if (!snapshot.config.rate_limits.enabled)
        kit_.log().warn("rate limits are off: nobody is held back");
    if (snapshot.config.authorization.shadow)
        kit_.log().warn("authorization is in shadow mode: nobody is refused");
}

/// A service that is gone keeps its cluster, without instances.
void Program::configure(Snapshot const& snapshot) {
    for (auto const& cluster : clusters_.all())
        if (std::ranges::find(snapshot.services, cluster->name(), &Service::name) ==
            snapshot.services.end())
            cluster->configure({});
    for (auto const& service : snapshot.services)
        clusters_.get(service.name)->configure(service.settings);
}

ViewPtr Program::make_view(std::size_t loop, std::shared_ptr<Snapshot const> snapshot) {
    View view;
    auto const* before = views_[loop].get();
    for (auto const& service : snapshot->services) {
        auto& upstream = view.upstreams.emplace_back();
        if (before) upstream = before->upstream(service.name);
        if (!upstream)
            upstream = std::make_shared<Upstream>(kit_.loops().at(loop),
                                                  clusters_.get(service.name), *tls_[loop]);
    }
    for (std::size_t i = 0; i < snapshot->routes.size(); ++i) {
        auto& tries = view.tries.emplace_back();
        for (auto const service : snapshot->routes[i].services) {
            auto const cluster = clusters_.get(snapshot->services[service].name);
            tries.emplace_back(service, TryRules{snapshot->config.routes[i],
                                                 cluster->guard(snapshot->routes[i].name)});
        }
    }
    for (auto const& route : snapshot->routes)
        view.metrics.emplace_back(kit_.metrics(), route.name);
    view.snapshot = std::move(snapshot);
    return boost::make_local_shared<View>(std::move(view));
}

void Program::routes(http::Router& router) {
    overview_.routes(router);
    router.get("/openapi.json", overview_, &Overview::openapi)
        .summary("This document: the union of all services")
        .tag("operations");
    router.post("/internal/events", purge_by_events_, &PurgeByEvents::receive)
        .tag("internal")
        .summary("Events of the services, which purge the cache");
}

net::Task<bool> Program::relay(http::Exchange& exchange) {
    RequestRecord record;
    record.view = views_[exchange.loop().index()];
    auto const& snapshot = *record.view->snapshot;
    auto const& head = exchange.head();
    find_client(exchange, snapshot);
    if (auto const why = http::ambiguity_of(head.path()); !why.empty()) {
        take_unrouted(exchange, snapshot);
        throw Error(ErrorCode::malformed, std::string(why));
    }
    if (!snapshot.cors.off() && Cors::is_preflight(head) && snapshot.table.knows(head.path())) {
        count_unrouted(exchange, snapshot);
        co_await snapshot.cors.answer_preflight(exchange);
        co_return true;
    }
    auto const match = snapshot.table.find(head);
    if (match.route == Table::none) {
        if (is_own_page(head.path())) co_return false;
        take_unrouted(exchange, snapshot);
        if (match.allow == 0) {
            if (exchange.body_complete()) co_return false;
            // Said before a body is asked for.
            throw Error(ErrorCode::not_found, "there is no such resource");
        }
        throw Error(ErrorCode::method_not_allowed, "this path does not take that method")
            .with_allow(method_list(match.allow));
    }
    record.route_index = static_cast<std::size_t>(match.route);
    record.route = &snapshot.routes[record.route_index];
    record.client_until = client_until_of(exchange);
    if (record.route->takes_all && is_own_page(head.path())) co_return false;
    if (match.version != Table::none)
        record.version = &snapshot.versions[static_cast<std::size_t>(match.version)];
    record.use_service(record.route->service);
    int status = 500;
    try {
        co_await answer(exchange, record);
        status = exchange.status();
    } catch (Error const& e) {
        observe(exchange, record, e.status());
        throw;
    } catch (http::Disconnected const&) {
        observe(exchange, record, client_gone);
        throw;
    } catch (...) {
        observe(exchange, record, 500);
        throw;
    }
    observe(exchange, record, status);
    co_return true;
}

void Program::find_client(http::Exchange& exchange, Snapshot const& snapshot) {
    if (!snapshot.trusted_proxies.none())
        exchange.speaks_for(
            snapshot.trusted_proxies.client_of(exchange.peer_address(), exchange.head()));
}

/// What every answer has to say, for one that no route gives.
void Program::take_unrouted(http::Exchange& exchange, Snapshot const& snapshot) {
    if (!snapshot.cors.off()) snapshot.cors.mark(exchange);
    count_unrouted(exchange, snapshot);
}

/// Who looks for paths that are not there is held back as well.
void Program::count_unrouted(http::Exchange& exchange, Snapshot const& snapshot) {
    if (snapshot.everywhere.empty() || snapshot.unlimited.contains(exchange.peer_address())) return;
    Taken permits(gcra_);
    permits.take(snapshot.everywhere, counted(exchange, snapshot, {}), exchange);
    permits.report(exchange);
}

/// The stages of a request, in their order.
net::Task<> Program::answer(http::Exchange& exchange, RequestRecord& record) {
    auto const& snapshot = *record.view->snapshot;
    auto const& route = *record.route;
    if (!snapshot.cors.off()) snapshot.cors.mark(exchange);
    mark_lifecycle(exchange, record);
    auto const token = presented_token(exchange.head());
    Taken permits(gcra_);
    try {
        co_await admit(exchange, record, permits, token);
    } catch (Error const&) {
        permits.report(exchange);
        throw;
    }
    permits.report(exchange);
    // HTTP/1.0 has no Upgrade: there it is only a field, where the route does not know it.
    bool const websocket =
        exchange.head().wants_websocket && (route.websocket || exchange.head().minor_version > 0);
    if (websocket) check_websocket(exchange, route.websocket, snapshot.cors);
    Audience audience(exchange, sessions_, token);
    if (route.composition) co_return co_await compose(exchange, record, audience);
    if (auto const& own = snapshot.config.routes[record.route_index].answer)
        co_return co_await answer_statically(exchange, *own, route.content.compression);
    if (!route.canary.empty()) choose_canary(exchange, record);

    exchange.limit_body(limits::upload_body_bytes_max);
    AskService way(exchange, record, record.upstream(), &audience);
    if (websocket) {
        TunnelDelivery delivery(exchange, tunnels_, record.rules().settings.stream, &audience,
                                record.tunnel);
        co_return co_await way.ask(delivery);
    }
    if (route.content.leaves_alone(exchange.head())) {
        RawDelivery delivery(exchange);
        co_return co_await way.ask(delivery);
    }
    record.cache =
        co_await content_.serve(exchange, route.content, record.session != nullptr, way, &audience);
}

/// Who it is, and whether the request may go on.
net::Task<> Program::admit(http::Exchange& exchange, RequestRecord& record, Taken& permits,
                           std::string_view token) {
    auto const& snapshot = *record.view->snapshot;
    auto const& route = *record.route;
    auto who = counted(exchange, snapshot, route.name);
    bool const limited = !snapshot.unlimited.contains(exchange.peer_address());
    if (limited && !route.limits.empty()) {
        record.limiter = "limited";  // unless it goes on
        permits.take(route.limits, who, exchange);
        record.limiter = "ok";
    }
    // What is not running needs no login to say so.
    if (!route.is_own() && !record.rules().settings.fallback && !route.content.cache)
        record.upstream().must_run();
    if (!token.empty()) {
        record.session = sessions_.cached(token);
        if (!record.session) co_await identify(exchange, record, token);
    }
    authorize(record);
    if (limited && !route.user_limits.empty() && record.caller()) {
        who.user = record.caller()->user_id.str();
        record.limiter = "limited";
        permits.take(route.user_limits, who, exchange);
        record.limiter = "ok";
    }
}

net::Task<> Program::compose(http::Exchange& exchange, RequestRecord const& record,
                             Audience& audience) {
    auto const& services = record.view->snapshot->services;
    auto const& head = exchange.head();
    auto const path = record.plain_path(head);
    AskPart const ask = [&](std::string const& service, std::string target, auto until) {
        auto const found = std::ranges::find(services, service, &Service::name);
        return call_part(exchange, audience, record,
                         static_cast<std::size_t>(found - services.begin()), std::move(target),
                         until);
    };
    auto const answer = co_await record.route->composition->answer(path, head.query(), ask);
    exchange.begin(200);
    exchange.field("Cache-Control", "no-store");
    co_await finish_coded(exchange, record.route->content.compression, "application/json",
                          boost::json::serialize(answer));
}

void Program::mark_lifecycle(http::Exchange& exchange, RequestRecord const& record) {
    // Of two that end, the answer tells of the version: it is the larger change.
    auto const now = kit_.clock()();
    auto const& route = record.route->lifecycle;
    auto const* const version = record.version ? &record.version->lifecycle : nullptr;
    if (version && !version->silent() && !route.is_gone(now)) {
        route.count();
        version->mark(exchange, now);
    } else {
        if (version) version->count();
        route.mark(exchange, now);
    }
}

net::Task<> Program::identify(http::Exchange const& exchange, RequestRecord& record,
                              std::string_view token) {
    http::RequestInfo info;
    info.request_id = exchange.request_id();
    info.trace_id = exchange.trace().trace_id;
    info.deadline = record.deadline(exchange);
    record.session = co_await sessions_.find(token, std::move(info));
}

void Program::authorize(RequestRecord const& record) {
    auto const& access = record.route->access;
    auto const verdict = access.of(record.caller());
    if (verdict == Access::Verdict::allowed) return;
    if (access.shadow()) {
        shadow_refusals_.add();
        kit_.log().info("would be refused",
                        {{"route", record.route->name},
                         {"user_id", record.caller() ? record.caller()->user_id.str() : ""}});
        return;
    }
    if (verdict == Access::Verdict::login_needed)
        throw record.session
            ? Error(ErrorCode::unauthenticated, "invalid_token", "the session is not valid")
            : Error(ErrorCode::unauthenticated, "log in first");
    throw Error(ErrorCode::forbidden, "your role does not allow this");
}

void Program::choose_canary(http::Exchange const& exchange, RequestRecord& record) {
    auto const* caller = record.caller();
    auto const place = sticky_place(caller ? caller->user_id.str() : exchange.peer_address());
    for (auto const& canary : record.route->canary) {
        if (place >= canary.end) continue;
        // A share of nothing would be failures alone.
        if (!record.view->upstreams[canary.service]->state()->instances.empty())
            record.use_service(canary.service);
        return;
    }
}

void Program::observe(http::Exchange& exchange, RequestRecord const& record, int status) {
    exchange.set_observed();
    auto const took = std::chrono::steady_clock::now() - exchange.started();
    auto const& tunnel = record.tunnel;
    bool const tunnelled = !tunnel.ended.empty();
    record.view->metrics[record.route_index].observe(
        exchange.head().method, status, tunnelled ? tunnel.opened - exchange.started() : took);
    auto const level = status >= 500 ? telemetry::Level::warn : telemetry::Level::info;
    if (!kit_.log().enabled(level)) return;
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        record.deadline(exchange) - std::chrono::steady_clock::now());
    // The route, not the path: a path or query may hold what must not be kept.
    auto const write = [&](auto... more) {
        kit_.log().write(
            level, "request",
            {{"method", known_method(exchange.head().method)},
             {"route", record.route->name},
             {"upstream", record.service},
             {"instance", record.instance},
             {"status", status},
             {"bytes", tunnelled ? tunnel.bytes_out : exchange.body_bytes_written()},
             {"us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
             {"deadline_left_ms", left.count()},
             {"tries", record.tries},
             {"cache", record.cache},
             {"limiter", record.limiter},
             {"breaker", record.breaker},
             {"admission", record.admission},
             {"user_id", record.caller() ? record.caller()->user_id.str() : ""},
             {"peer", exchange.peer_address()},
             {"config", record.view->snapshot->version},
             {"request_id", exchange.request_id()},
             {"trace_id", exchange.trace().trace_id},
             more...});
    };
    using telemetry::Field;
    if (tunnelled)
        write(Field("bytes_in", tunnel.bytes_in), Field("ended", tunnel.ended));
    else
        write();
}

}  // namespace grover::gateway
