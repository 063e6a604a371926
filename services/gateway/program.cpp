#include "gateway/program.hpp"

#include <iostream>

#include "auth/token.hpp"
#include "gateway/explain.hpp"
#include "net/async.hpp"
#include "service/pipeline.hpp"

namespace grover::gateway {
namespace {

std::shared_ptr<Snapshot const> compile(Config config, Overrides const& overrides) {
    overrides.apply(config);
    return std::make_shared<Snapshot const>(std::move(config), 1);
}

/// The token of the head, and whether there was one at all: a malformed Authorization is a wrong
/// one.
std::string_view presented_token(http::RequestHead const& head) {
    return service::presented_token(head.get("Authorization"), head.get("Cookie"));
}

}  // namespace

Program::Config Program::Config::read(Environment& env) {
    auto const file = env.text("GATEWAY_CONFIG", default_config_file(), "the configuration file");
    Config out{.source = Source::of(file), .settings = {}, .overrides = {}};
    out.settings = parse_config(out.source);
    out.overrides = Overrides::read(env, out.settings);
    return out;
}

Program::Program(service::Kit& kit, Config config)
    : kit_(kit),
      directory_(kit, compile(std::move(config.settings), config.overrides)),
      views_(kit.loops().size()),
      sessions_(kit, directory_.peer("user")),
      overview_([this] { return directory_.members(); },
                [this](std::string_view path) { return directory_.snapshot()->table.knows(path); }),
      reloader_(kit, std::move(config.source), config.overrides,
                [this](auto snapshot) { use(std::move(snapshot)); }) {
    for (std::size_t loop = 0; loop < views_.size(); ++loop)
        tls_.push_back(std::make_unique<http::TlsContext>());
    for (auto const& member : directory_.members())
        kit.dependency(member.name + "_service", [peer = member.peer](http::Deadline deadline) {
            return peer->healthy(deadline);
        });
    for (std::size_t loop = 0; loop < views_.size(); ++loop)
        views_[loop] = make_view(loop, directory_.snapshot());
}

std::optional<int> Program::command(Environment& env, std::vector<std::string> const& arguments) {
    bool const check = arguments.size() == 2 && arguments[0] == "--check-config";
    bool const route = arguments.size() > 1 && arguments[0] == "route" && arguments[1] == "explain";
    if (!check && !route) return {};
    auto const file = check ? arguments[1] : env.text("GATEWAY_CONFIG", default_config_file(), "");
    auto config = parse_config(Source::of(file));
    if (check) {
        std::cout << file << " is good\n";
        return 0;
    }
    Overrides::read(env, config).apply(config);
    bool taken = false;
    std::cout << explain(config, file, {arguments.begin() + 2, arguments.end()}, taken);
    return taken ? 0 : 1;
}

void Program::use(std::shared_ptr<Snapshot const> snapshot) {
    directory_.use(snapshot);
    for (std::size_t loop = 0; loop < views_.size(); ++loop)
        net::asio::post(kit_.loops().at(loop).executor(),
                        [this, loop, snapshot] { views_[loop] = make_view(loop, snapshot); });
}

ViewPtr Program::make_view(std::size_t loop, std::shared_ptr<Snapshot const> snapshot) {
    View view;
    auto const* before = views_[loop].get();
    for (auto const& service : snapshot->services) {
        auto& upstream = view.upstreams.emplace_back();
        auto const& instances = service.settings.instances;
        if (instances.empty()) continue;
        if (before) upstream = before->upstream(service.name, instances.front());
        if (!upstream)
            upstream =
                std::make_shared<Upstream>(kit_.loops().at(loop), service.name,
                                           *net::Endpoint::parse(instances.front()), *tls_[loop]);
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
}

net::Task<std::shared_ptr<service::Sessions::Found const>> Program::session_of(
    http::Exchange& exchange) {
    auto const token = presented_token(exchange.head());
    if (token.empty()) co_return nullptr;
    if (auto known = sessions_.cached(token)) co_return known;
    http::RequestInfo info;
    info.request_id = exchange.request_id();
    info.trace_id = exchange.trace().trace_id;
    info.deadline = exchange.deadline();
    co_return co_await sessions_.find(token, std::move(info));
}

net::Task<bool> Program::relay(http::Exchange& exchange) {
    RequestRecord record;
    record.view = views_[exchange.loop().index()];
    auto const& snapshot = *record.view->snapshot;
    auto const match = snapshot.table.find(exchange.head());
    if (match.route == Table::none) {
        if (match.allow == 0) co_return false;
        throw Error(ErrorCode::method_not_allowed, "this path does not take that method")
            .with_allow(method_list(match.allow));
    }
    record.route_index = static_cast<std::size_t>(match.route);
    record.route = &snapshot.routes[record.route_index];
    record.service = snapshot.services[record.route->service].name;
    int status = 500;
    try {
        co_await answer(exchange, record);
        status = exchange.status();
    } catch (Error const& e) {
        observe(exchange, record, e.status());
        throw;
    } catch (...) {
        observe(exchange, record, 499);  // the client is gone
        throw;
    }
    observe(exchange, record, status);
    co_return true;
}

net::Task<> Program::answer(http::Exchange& exchange, RequestRecord& record) {
    auto* upstream = record.view->upstreams[record.route->service].get();
    if (!upstream)
        throw Error(ErrorCode::unavailable,
                    "the " + std::string(record.service) + " service is not running")
            .with_retry_after(std::chrono::seconds(30));
    exchange.limit_body(limits::upload_body_bytes_max);
    record.session = co_await session_of(exchange);
    RawDelivery delivery(exchange);
    co_await gateway::relay(exchange, *upstream, record.identity(), delivery);
}

void Program::observe(http::Exchange const& exchange, RequestRecord const& record, int status) {
    auto const took = std::chrono::steady_clock::now() - exchange.started();
    record.view->metrics[record.route_index].observe(exchange.head().method, status, took);
    auto const level = status >= 500 ? telemetry::Level::warn : telemetry::Level::info;
    if (!kit_.log().enabled(level)) return;
    // The route, not the path: a path or query may hold what must not be kept.
    kit_.log().write(level, "request",
                     {{"method", exchange.head().method},
                      {"route", record.route->name},
                      {"upstream", record.service},
                      {"status", status},
                      {"bytes", exchange.body_bytes_written()},
                      {"us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
                      {"peer", exchange.peer_address()},
                      {"request_id", exchange.request_id()},
                      {"trace_id", exchange.trace().trace_id}});
}

}  // namespace grover::gateway
