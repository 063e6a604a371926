// A whole Program that relays (the gateway), behind a server on a free port, for tests over the
// wire.
//
//     testing::Served<gateway::Program> gateway({{"USER_SERVICE_URL", user.origin()}});
//     auto const reply = gateway.get("/api/users/me", "Authorization: Bearer x\r\n");
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message_service.hpp"
#include "http/server.hpp"
#include "testing/program.hpp"
#include "testing/raw_client.hpp"

namespace grover::testing {

/// One request on a connection of its own.
inline RawReply ask(std::uint16_t port, std::string_view method, std::string_view target,
                    std::string_view fields = {}, std::string_view body = {}) {
    RawClient client(port);
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: api.example\r\n").append(fields);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text.append("\r\n").append(body);
    client.send(text);
    return client.read_reply(method == "HEAD");
}

/// An HTTP server whose answers a test writes as a handler.
class StandIn {
public:
    explicit StandIn(http::Handler handler) : server_(loops_, {}, std::move(handler)) {
        loops_.start();
        server_.start();
    }
    ~StandIn() {
        server_.drain(std::chrono::seconds(1));
        loops_.stop();
    }
    std::string origin() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

private:
    net::Loops loops_{1};
    http::Server server_;
};

template <class Program>
class Served {
public:
    /// `on_stop` is what Kit::stop() does.
    explicit Served(
        std::map<std::string, std::string> variables, std::function<void()> on_stop = [] {})
        : around_(service::detail::schema_of<Program>()),
          program_(around_.kit, config_of<Program>(std::move(variables))) {
        around_.kit.stop_with(std::move(on_stop));
        program_.routes(around_.router);
        auto complete = http::message_service(
            [this](http::Request& request) { return around_.pipeline.handle(request); }, {}, {});
        server_ = std::make_unique<http::Server>(
            around_.loops, http::ServerOptions{},
            http::StreamHandler([this, complete](http::Exchange& exchange) -> net::Task<> {
                if (!co_await program_.relay(exchange)) co_await complete(exchange);
            }));
        for (auto const& door : around_.kit.doors())
            doors_.push_back(
                std::make_unique<http::Server>(around_.loops, door.options, door.handler));
        around_.loops.start();
        server_->start();
        for (auto const& door : doors_) door->start();
    }
    ~Served() {
        server_->drain(std::chrono::seconds(1));
        for (auto const& door : doors_) door->drain(std::chrono::seconds(1));
        around_.loops.stop();
    }

    RawReply get(std::string_view target, std::string_view fields = {}) {
        return ask(port(), "GET", target, fields);
    }
    RawReply send(std::string_view method, std::string_view target, std::string_view fields = {},
                  std::string_view body = {}) {
        return ask(port(), method, target, fields, body);
    }
    std::uint16_t port() const { return server_->port(); }
    /// Of what Kit::serve_also() opened, in its order.
    std::uint16_t door(std::size_t index = 0) const { return doors_.at(index)->port(); }
    service::Kit& kit() noexcept { return around_.kit; }
    /// As SIGHUP does.
    void reload(service::Kit::Reload why = service::Kit::Reload::asked) {
        for (auto const& work : around_.kit.reloads()) work(why);
    }
    Program& program() noexcept { return program_; }
    telemetry::Metrics& metrics() noexcept { return around_.metrics; }

private:
    Surroundings around_;
    Program program_;
    std::unique_ptr<http::Server> server_;
    std::vector<std::unique_ptr<http::Server>> doors_;
};

}  // namespace grover::testing
