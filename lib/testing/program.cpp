#include "testing/program.hpp"

namespace grover::testing {
namespace {

store::Schema with_idempotency(store::Schema schema) {
    schema.collections.push_back(service::idempotency_collection());
    return schema;
}

}  // namespace

http::Response Client::send(std::string method, std::string target, std::string body,
                            http::Headers headers) {
    return run_on(loop_, [&]() -> net::Task<http::Response> {
        http::Request request;
        request.method = std::move(method);
        request.path = target.substr(0, target.find('?'));
        if (auto const mark = target.find('?'); mark != std::string::npos)
            request.query = target.substr(mark + 1);
        request.target = std::move(target);
        request.headers = std::move(headers);
        if (!body.empty() && !request.headers.contains("Content-Type"))
            request.headers.add("Content-Type", "application/json");
        if (!identity_.empty()) request.headers.add(auth::identity_header, identity_);
        request.body = std::move(body);
        request.request_id = "test";
        request.peer_address = "127.0.0.1";
        request.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        try {
            auto response = co_await pipeline_.handle(request);
            if (response.writer)
                co_await response.writer([&](std::string_view piece) -> net::Task<> {
                    response.body += piece;
                    co_return;
                });
            co_return response;
        } catch (Error const& error) {
            co_return http::problem(error, request.request_id);
        }
    });
}

std::size_t Client::pages(std::string target) {
    std::size_t items = 0;
    for (;;) {
        auto const page = get(target);
        if (page.status != 200) throw std::runtime_error(page.body);
        items += boost::json::parse(page.body).as_array().size();
        auto const link = page.headers.get("Link");
        if (link.empty()) return items;
        target = link.substr(1, link.find('>') - 1);
    }
}

Surroundings::Surroundings(store::Schema schema)
    : log("test", telemetry::Level::off),
      loops(1),
      signer(Secret(std::string(32, 'k'))),
      store(store::open_sqlite(
          {.file = folder.path() / "store.db", .schema = with_idempotency(std::move(schema))})),
      kit("test-service", log, metrics, loops, system_now, signer, store.get()),
      pipeline(kit, router) {}

Surroundings::~Surroundings() {
    loops.stop();
}

Client Surroundings::client(std::string identity) {
    return Client(loops.at(0), pipeline, std::move(identity));
}

}  // namespace grover::testing
