// A whole Program in this process for tests of one service: the real settings, pipeline, router and
// store in a folder that is removed, without a socket.
//
//     testing::Running<sample::Program> service;
//     auto made = service.as("user_1").post("/api/samples", R"({"text":"hi"})");
//
// What a Program asks of other services goes to the addresses in its environment, as in production.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "http/problem.hpp"
#include "http/router.hpp"
#include "service/kit.hpp"
#include "service/pipeline.hpp"
#include "service/service.hpp"
#include "service/unit.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/run_on.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::testing {

/// A client with a fixed identity. Errors come back as their problem+json, like from the server.
class Client {
public:
    Client(net::Loop& loop, service::Pipeline& pipeline, std::string identity)
        : loop_(loop), pipeline_(pipeline), identity_(std::move(identity)) {}

    http::Response get(std::string target) { return send("GET", std::move(target), {}); }
    http::Response post(std::string target, std::string body = {}) {
        return send("POST", std::move(target), std::move(body));
    }
    http::Response put(std::string target, std::string body) {
        return send("PUT", std::move(target), std::move(body));
    }
    http::Response remove(std::string target) { return send("DELETE", std::move(target), {}); }
    http::Response send(std::string method, std::string target, std::string body,
                        http::Headers headers = {});

    /// Follows Link from page to page; returns how many items came in all.
    std::size_t pages(std::string target);

private:
    net::Loop& loop_;
    service::Pipeline& pipeline_;
    std::string identity_;
};

/// The parts of a service that are not its Program.
class Surroundings {
public:
    explicit Surroundings(store::Schema schema);
    ~Surroundings();

    Client client(std::string identity);

    TemporaryFolder folder;
    telemetry::Log log;
    telemetry::Metrics metrics;
    net::Loops loops;
    auth::IdentitySigner signer;
    std::unique_ptr<store::DocumentStore> store;
    service::Kit kit;
    http::Router router;
    service::Pipeline pipeline;
};

/// What a program reads from these variables. Throws ConfigError.
template <class Program>
typename Program::Config config_of(std::map<std::string, std::string> variables) {
    Environment env(std::move(variables));
    auto out = Program::Config::read(env);
    env.check();
    return out;
}

template <class Program>
class Running {
public:
    explicit Running(std::map<std::string, std::string> variables = {})
        : around_(service::detail::schema_of<Program>()),
          program_(around_.kit, config_of<Program>(std::move(variables))) {
        program_.routes(around_.router);
        around_.loops.start();
    }
    ~Running() { around_.loops.stop(); }

    Client as(std::string user, std::vector<auth::Role> roles = {auth::Role::user}) {
        auth::Caller const caller{auth::UserId::trusted(std::move(user)), {}, std::move(roles)};
        return around_.client(around_.signer.sign(caller, system_now()));
    }
    Client service(std::string name) {
        return around_.client(around_.signer.sign(auth::Service{std::move(name)}, system_now()));
    }
    Client anonymous() { return around_.client({}); }

    /// One turn of the program's background work of that name (Kit::every).
    void background(std::string_view name) {
        for (auto const& periodic : around_.kit.periodic())
            if (periodic.name == name) return run_on(loop(), periodic.work);
        throw std::logic_error("no such background work");
    }

    Program& program() noexcept { return program_; }
    store::DocumentStore& store() noexcept { return *around_.store; }
    net::Loop& loop() noexcept { return around_.loops.at(0); }

private:
    Surroundings around_;
    Program program_;
};

}  // namespace grover::testing
