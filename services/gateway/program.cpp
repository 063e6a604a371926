#include "gateway/program.hpp"

#include "auth/token.hpp"
#include "service/pipeline.hpp"

namespace grover::gateway {
namespace {

struct Setting {
    std::string_view variable;
    std::string_view fallback;  // empty: the service is off unless its address is set
};
constexpr std::array settings{Setting{"USER_SERVICE_URL", "http://127.0.0.1:8001"},
                              Setting{"POST_SERVICE_URL", "http://127.0.0.1:8002"},
                              Setting{"MEDIA_SERVICE_URL", ""}, Setting{"PAYMENT_SERVICE_URL", ""},
                              Setting{"NOTIFICATION_SERVICE_URL", ""}};

std::string service_name(Target target) {
    return std::string(name_of(target));
}

std::array<std::unique_ptr<service::Peer>, targets> make_peers(service::Kit& kit,
                                                               Program::Config const& config) {
    std::array<std::unique_ptr<service::Peer>, targets> peers;
    for (std::size_t i = 0; i < targets; ++i)
        if (config.origins[i])
            peers[i] = std::make_unique<service::Peer>(
                kit, service_name(static_cast<Target>(i)) + " service", *config.origins[i]);
    return peers;
}

std::vector<Overview::Member> members(
    std::array<std::unique_ptr<service::Peer>, targets> const& peers) {
    std::vector<Overview::Member> out;
    for (std::size_t i = 0; i < targets; ++i)
        if (peers[i]) out.push_back({static_cast<Target>(i), peers[i].get()});
    return out;
}

/// The token of the head, and whether there was one at all: a malformed Authorization is a wrong
/// one.
std::string_view presented_token(http::RequestHead const& head) {
    return service::presented_token(head.get("Authorization"), head.get("Cookie"));
}

}  // namespace

Program::Config Program::Config::read(Environment& env) {
    Config config;
    for (std::size_t i = 0; i < targets; ++i) {
        auto const purpose =
            "where the " + service_name(static_cast<Target>(i)) + " service listens";
        auto const& [variable, fallback] = settings[i];
        config.origins[i] = env.optional_url(std::string(variable), purpose);
        if (!config.origins[i] && !fallback.empty()) config.origins[i] = std::string(fallback);
        if (config.origins[i] && !net::Endpoint::parse(*config.origins[i]))
            env.problem(std::string(variable), "is not an address that can be connected to");
    }
    return config;
}

Program::Program(service::Kit& kit, Config const& config)
    : kit_(kit),
      peers_(make_peers(kit, config)),
      sessions_(kit, *peers_[static_cast<std::size_t>(Target::user)]),
      overview_(members(peers_)) {
    for (std::size_t i = 0; i < targets; ++i) {
        auto const name = service_name(static_cast<Target>(i));
        durations_[i] =
            &kit.metrics().histogram("gateway_relay_duration_seconds",
                                     "Time to answer a relayed request", {{"upstream", name}});
        for (std::size_t c = 1; c < 6; ++c)
            answers_[i][c] =
                &kit.metrics().counter("gateway_relayed_total", "Relayed requests by status class",
                                       {{"upstream", name}, {"status", std::to_string(c) + "xx"}});
        if (peers_[i])
            kit.dependency(name + "_service", [peer = peers_[i].get()](http::Deadline deadline) {
                return peer->healthy(deadline);
            });
    }
    upstreams_.resize(kit.loops().size());
    for (std::size_t loop = 0; loop < upstreams_.size(); ++loop) {
        tls_.push_back(std::make_unique<http::TlsContext>());
        for (std::size_t i = 0; i < targets; ++i)
            if (config.origins[i])
                upstreams_[loop][i] = std::make_unique<Upstream>(
                    kit.loops().at(loop), service_name(static_cast<Target>(i)),
                    *net::Endpoint::parse(*config.origins[i]), *tls_.back());
    }
}

void Program::routes(http::Router& router) {
    overview_.routes(router);
    router.get("/openapi.json", overview_, &Overview::openapi)
        .summary("This document: the union of all services")
        .tag("operations");
}

net::Task<std::string> Program::identity_of(http::Exchange& exchange) {
    auto const token = presented_token(exchange.head());
    if (token.empty()) co_return std::string();
    if (auto const known = sessions_.cached(token)) co_return known->identity;
    http::RequestInfo info;
    info.request_id = exchange.request_id();
    info.trace_id = exchange.trace().trace_id;
    info.deadline = exchange.deadline();
    auto const found = co_await sessions_.find(token, std::move(info));
    co_return found->identity;
}

net::Task<bool> Program::relay(http::Exchange& exchange) {
    auto const* row = find_row(exchange.head().path());
    if (!row) co_return false;
    auto const index = static_cast<std::size_t>(row->target);
    auto* upstream = upstreams_[exchange.loop().index()][index].get();
    int status = 500;
    try {
        if (!upstream)
            throw Error(ErrorCode::unavailable,
                        "the " + service_name(row->target) + " service is not running")
                .with_retry_after(std::chrono::seconds(30));
        exchange.limit_body(limits::upload_body_bytes_max);
        auto const identity = co_await identity_of(exchange);
        RawDelivery delivery(exchange);
        co_await gateway::relay(exchange, *upstream, identity, delivery);
        status = exchange.status();
    } catch (Error const& e) {
        observe(exchange, *row, e.status());
        throw;
    } catch (...) {
        observe(exchange, *row, 499);  // the client is gone
        throw;
    }
    observe(exchange, *row, status);
    co_return true;
}

void Program::observe(http::Exchange const& exchange, Row const& row, int status) {
    auto const took = std::chrono::steady_clock::now() - exchange.started();
    auto const index = static_cast<std::size_t>(row.target);
    durations_[index]->observe(std::chrono::duration<double>(took).count());
    answers_[index][std::min<std::size_t>(static_cast<std::size_t>(status) / 100, 5)]->add();
    auto const level = status >= 500 ? telemetry::Level::warn : telemetry::Level::info;
    if (!kit_.log().enabled(level)) return;
    // The pattern, not the path: a path or query may hold what must not be kept.
    kit_.log().write(level, "request",
                     {{"method", exchange.head().method},
                      {"route", row.pattern},
                      {"upstream", name_of(row.target)},
                      {"status", status},
                      {"bytes", exchange.body_bytes_written()},
                      {"us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
                      {"peer", exchange.peer_address()},
                      {"request_id", exchange.request_id()},
                      {"trace_id", exchange.trace().trace_id}});
}

}  // namespace grover::gateway
