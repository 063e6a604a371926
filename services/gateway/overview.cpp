#include "gateway/overview.hpp"

#include <cmath>

#include "gateway/own_routes.hpp"
#include "net/async.hpp"
#include "reflect/codec.hpp"

namespace grover::gateway {

namespace json = boost::json;
using std::chrono::steady_clock;

namespace {

constexpr auto health_age_max = std::chrono::seconds(1);
constexpr auto document_age_max = std::chrono::seconds(10);
constexpr auto probe_time_max = std::chrono::seconds(1);

struct ServiceHealth {
    std::string status;
    double latency_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ServiceHealth, (), (status, latency_ms))

struct SystemHealth {
    std::string gateway = "healthy";
    std::map<std::string, ServiceHealth> services;
    std::string overall_status = "healthy";
};
BOOST_DESCRIBE_STRUCT(SystemHealth, (), (gateway, services, overall_status))

/// Adds what `from` has and `into` lacks, one level deep: paths by path, schemas by name.
void merge(json::object& into, json::object const& from) {
    for (auto const& [name, value] : from)
        if (!into.contains(name)) into[name] = value;
}

http::Response uncached(std::string body) {
    auto response = http::Response::json(200, std::move(body));
    response.headers.add("Cache-Control", "no-store");
    return response;
}

}  // namespace

Overview::Overview(Members members, Knows knows, Paths own_paths)
    : members_(std::move(members)), knows_(std::move(knows)), own_paths_(std::move(own_paths)) {}

void Overview::routes(http::Router& router) {
    router.get("/", *this, &Overview::root).summary("What this is").tag("operations").also("/api");
    router.get("/health/services", *this, &Overview::health_services)
        .summary("The health of every service")
        .tag("operations");
}

net::Task<http::Response> Overview::root() {
    json::array names;
    for (auto const& member : members_()) names.emplace_back(member.name);
    co_return http::Response::json(200,
                                   json::serialize(json::object{{"service", "Grover API Gateway"},
                                                                {"version", GROVER_VERSION},
                                                                {"status", "running"},
                                                                {"documentation", "/docs"},
                                                                {"services", std::move(names)}}));
}

/// The paths that clients reach through the gateway: the API, not each service's own operations
/// endpoints.
json::object Overview::api_paths(json::object const& document) const {
    json::object out;
    if (auto const* paths = document.if_contains("paths"); paths && paths->is_object())
        for (auto const& [path, item] : paths->get_object())
            if (knows_(path)) out[path] = item;
    return out;
}

std::string Overview::kept_if_fresh(Kept const& kept, std::chrono::seconds age) {
    std::lock_guard const lock(mutex_);
    return steady_clock::now() - kept.made < age ? kept.body : std::string();
}

net::Task<Overview::Probe> Overview::probe(service::Peer& peer, http::RequestInfo info) {
    auto const started = steady_clock::now();
    Probe out;
    try {
        co_await peer.call("GET", "/health/ready", {}, std::move(info));
        out.healthy = true;
    } catch (std::exception const&) {
        out.healthy = false;
    }
    out.latency_ms =
        std::chrono::duration<double, std::milli>(steady_clock::now() - started).count();
    co_return out;
}

net::Task<http::Response> Overview::health_services(http::RequestInfo info) {
    if (auto kept = kept_if_fresh(health_, health_age_max); !kept.empty())
        co_return uncached(std::move(kept));
    info.deadline = std::min(info.deadline, steady_clock::now() + probe_time_max);
    auto const members = members_();
    std::vector<net::Task<Probe>> probes;
    for (auto const& member : members) probes.push_back(probe(*member.peer, info));
    auto const found = co_await net::gather(std::move(probes));

    SystemHealth health;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!found[i].healthy) health.overall_status = "degraded";
        auto& member = health.services[members[i].name];
        member.status = found[i].healthy ? "healthy" : "unhealthy";
        member.latency_ms = std::round(found[i].latency_ms * 100) / 100;
    }
    auto body = reflect::to_json(health);
    {
        std::lock_guard const lock(mutex_);
        health_ = {steady_clock::now(), body};
    }
    co_return uncached(std::move(body));
}

net::Task<json::value> Overview::document(Member member, http::RequestInfo info) {
    try {
        auto const reply = co_await member.peer->call("GET", "/openapi.json", {}, std::move(info));
        auto value = json::parse(reply.body);
        std::lock_guard const lock(mutex_);
        last_documents_[member.name] = value;
        co_return value;
    } catch (std::exception const&) {
        // A service that is down keeps its place in the documentation.
        std::lock_guard const lock(mutex_);
        auto const last = last_documents_.find(member.name);
        co_return last == last_documents_.end() ? json::value() : last->second;
    }
}

net::Task<http::Response> Overview::openapi(http::RequestInfo info) {
    if (auto kept = kept_if_fresh(openapi_, document_age_max); !kept.empty())
        co_return http::Response::resource(std::move(kept));
    info.deadline = std::min(info.deadline, steady_clock::now() + probe_time_max);
    std::vector<net::Task<json::value>> asked;
    for (auto const& member : members_()) asked.push_back(document(member, info));
    auto const documents = co_await net::gather(std::move(asked));

    auto merged = own_document_;
    auto paths = own_paths_();
    for (auto const& value : documents) {
        auto const* document = value.if_object();
        if (!document) continue;
        merge(paths, api_paths(*document));
        if (auto const* components = document->if_contains("components");
            components && components->is_object())
            if (auto const* schemas = components->get_object().if_contains("schemas");
                schemas && schemas->is_object())
                merge(merged["components"].as_object()["schemas"].as_object(),
                      schemas->get_object());
    }
    add_own_answers(paths);
    merge(merged["paths"].as_object(), paths);
    auto body = json::serialize(merged);
    {
        std::lock_guard const lock(mutex_);
        openapi_ = {steady_clock::now(), body};
    }
    co_return http::Response::resource(std::move(body));
}

}  // namespace grover::gateway
