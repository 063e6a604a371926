#include "service/operations.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/file.hpp"
#include "net/async.hpp"

namespace grover::service {

namespace json = boost::json;

namespace {

constexpr std::array asset_types{
    std::pair{std::string_view(".html"), std::string_view("text/html; charset=utf-8")},
    std::pair{std::string_view(".js"), std::string_view("text/javascript; charset=utf-8")},
    std::pair{std::string_view(".css"), std::string_view("text/css; charset=utf-8")},
    std::pair{std::string_view(".png"), std::string_view("image/png")},
    std::pair{std::string_view(".svg"), std::string_view("image/svg+xml")},
};

/// Health and metrics are never cached.
http::Response fresh(int status, json::object const& body) {
    auto response = http::Response::json(status, json::serialize(body));
    response.headers.add("Cache-Control", "no-store");
    return response;
}

}  // namespace

std::string default_docs_dir() {
    std::error_code ignored;
    auto const program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return (program.parent_path().parent_path() / "share" / "docs").string();
}

Operations::Operations(Kit& kit, std::string version, std::string docs_dir)
    : kit_(kit), version_(std::move(version)) {
    std::error_code ec;
    for (auto const& entry : std::filesystem::directory_iterator(docs_dir, ec)) {
        auto const extension = entry.path().extension().string();
        for (auto const& [suffix, type] : asset_types) {
            if (extension != suffix) continue;
            assets_[entry.path().filename().string()] = {std::string(type), entry.path().string()};
        }
    }
}

void Operations::routes(http::Router& router) {
    router.get("/health", *this, &Operations::health).summary("Liveness").tag("operations");
    router.get("/health/ready", *this, &Operations::health_ready)
        .summary("Readiness")
        .tag("operations")
        .problems({503});
    if (kit_.has_store())
        router.get("/health/db", *this, &Operations::health_db)
            .summary("The database")
            .tag("operations")
            .problems({503});
    router.get("/health/dependencies", *this, &Operations::health_dependencies)
        .summary("The services this one needs")
        .tag("operations");
    router.get("/metrics", *this, &Operations::metrics)
        .summary("Prometheus text format")
        .tag("operations");
    if (!router.match("GET", "/openapi.json").route)  // The gateway has one of its own.
        router.get("/openapi.json", *this, &Operations::openapi)
            .summary("This document")
            .tag("operations");
    router.get("/docs", *this, &Operations::docs)
        .summary("Interactive documentation")
        .tag("operations");
    router.get("/docs/{file}", *this, &Operations::docs_file)
        .summary("A part of /docs")
        .tag("operations");
}

Task<http::Response> Operations::health() {
    co_return fresh(200, {{"status", "healthy"},
                          {"service", kit_.service()},
                          {"version", version_},
                          {"timestamp", kit_.clock()().to_string()}});
}

Task<store::DocumentStore::Health> Operations::store_health() {
    store::DocumentStore::Health out;
    try {
        out = co_await kit_.store().health();
    } catch (std::exception const& e) {
        out.detail = e.what();
    }
    if (!out.connected)
        kit_.log().warn("the database does not answer", {{"detail", out.detail}});
    else if (!out.sound)
        kit_.log().warn("the database cannot do all that is asked of it", {{"detail", out.detail}});
    co_return out;
}

Task<http::Response> Operations::health_db() {
    auto const health = co_await store_health();
    bool const healthy = health.connected && health.sound;
    co_return fresh(healthy ? 200 : 503,
                    {{"status", healthy ? "healthy" : "unhealthy"},
                     {"database", health.connected ? "connected" : "disconnected"},
                     {"engine", kit_.store().engine()}});
}

/// A service whose database takes no writes, or is damaged, is ready: the rest can be read.
Task<http::Response> Operations::health_ready(http::RequestInfo info) {
    bool ready = ready_.load() && (!kit_.has_store() || (co_await store_health()).connected);
    if (ready) {
        std::vector<Kit::Dependency> vital;
        std::ranges::copy_if(kit_.dependencies(), std::back_inserter(vital),
                             [](auto const& one) { return one.without == Kit::Without::unready; });
        auto const answers = co_await ask(vital, info);
        ready = std::ranges::find(answers, false) == answers.end();
    }
    co_return fresh(ready ? 200 : 503,
                    {{"status", ready ? "ready" : "not_ready"}, {"service", kit_.service()}});
}

Task<std::vector<bool>> Operations::ask(std::vector<Kit::Dependency> const& dependencies,
                                        http::RequestInfo const& info) {
    auto const deadline =
        std::min(info.deadline, std::chrono::steady_clock::now() + std::chrono::seconds(1));
    auto const check = [](Kit::Dependency const& dependency, http::Deadline until) -> Task<bool> {
        try {
            co_return co_await dependency.check(until);
        } catch (std::exception const&) {
            co_return false;
        }
    };
    std::vector<Task<bool>> asked;
    for (auto const& dependency : dependencies) asked.push_back(check(dependency, deadline));
    co_return co_await net::gather(std::move(asked));
}

Task<http::Response> Operations::health_dependencies(http::RequestInfo info) {
    auto const answers = co_await ask(kit_.dependencies(), info);
    json::object list;
    bool all = true;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        list[kit_.dependencies()[i].name] = answers[i] ? "healthy" : "unhealthy";
        all = all && answers[i];
    }
    co_return fresh(200,
                    {{"status", all ? "healthy" : "degraded"}, {"dependencies", std::move(list)}});
}

Task<http::Response> Operations::metrics() {
    http::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    response.body = kit_.metrics().print();
    co_return response;
}

Task<http::Response> Operations::openapi() {
    co_return http::Response::resource(openapi_);
}

Task<http::Response> Operations::docs() {
    co_return co_await docs_file({"index.html"});
}

Task<http::Response> Operations::docs_file(http::Path<std::string, "file"> file) {
    auto const asset = assets_.find(*file);
    if (asset == assets_.end() && *file != "index.html")
        throw Error(ErrorCode::not_found, "there is no such page");
    http::Response response;
    if (asset == assets_.end()) {
        response.headers.add("Content-Type", "text/plain; charset=utf-8");
        response.body =
            "The documentation pages were not built: install npm and build again. "
            "The API itself is described in /openapi.json.\n";
        co_return response;
    }
    response.tagged = true;
    response.headers.add("Content-Type", asset->second.type);
    response.headers.add(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
        "data:; "
        "connect-src 'self'; font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'");
    response.headers.add("X-Content-Type-Options", "nosniff");
    auto page = co_await net::run_blocking(kit_.loops().blocking(),
                                           [&] { return read_file(asset->second.path); });
    if (!page) throw Error(ErrorCode::unavailable, "the page cannot be read");
    response.body = *std::move(page);
    co_return response;
}

}  // namespace grover::service
