// run(): what the main of every service shares. Reads the settings, opens the store, wires the
// Program, serves, and on SIGTERM or SIGINT drains: readiness off, accept stops, requests in flight
// finish, exit 0.
//
//     int main(int argc, char** argv) {
//         return grover::service::run<grover::post::Program>(argc, argv, {.name = "post-service",
//         .port = 8002, ...});
//     }
//
// A Program is
//     struct Config { static Config read(Environment&); };
//     static store::Schema schema();                 // not in a service without data
//     Program(service::Kit&, Config);                // wires its objects in reading order
//     void routes(http::Router&);
//     Task<bool> relay(http::Exchange&);             // optional: answers piece by piece, before
//                                                    // the routes
//     static std::optional<int> command(Environment&, std::vector<std::string> const&);
//                                                    // optional: arguments of its own; the exit
//                                                    // status, nothing for those of the kit
//
// SIGHUP reads anew what Kit::on_reload() has been told of, and the certificate of TLS.
//
// Flags: --check-config, --print-config, --routes, --openapi, --where METHOD PATH, --version,
// --help.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.hpp"
#include "http/router.hpp"
#include "service/about.hpp"
#include "service/copy_store.hpp"
#include "service/kit.hpp"
#include "store/open.hpp"

namespace grover::service {

namespace detail {

/// A Program with its type erased, so that run() is compiled once.
struct Built {
    std::shared_ptr<void> program;  // for its deleter; nothing is shared
    /// Answers some requests piece by piece before the router is asked; empty for services without.
    std::function<Task<bool>(http::Exchange&)> relay;
    /// Takes the document of the routes instead of /openapi.json; empty for services without.
    std::function<void(boost::json::object)> use_document;
};
using Build = std::function<Built(Kit&, http::Router&)>;

/// What a service with data needs. Others are not linked with any engine.
struct Storage {
    store::Schema schema;
    decltype(&open_store) open = &open_store;
    decltype(&copy_store) copy = &copy_store;
};

struct Definition {
    About about;
    std::optional<Storage> storage;
    /// Reads the program's own settings and returns what builds it.
    std::function<Build(Environment&)> configure;
    /// Carries arguments of the program's own out; empty for services without.
    std::function<std::optional<int>(Environment&, std::vector<std::string> const&)> command{};
    /// Lines of --help about these.
    std::string_view command_help{};
};

int run(int argc, char** argv, Definition definition);

/// Empty for a program without data.
template <class Program>
store::Schema schema_of() {
    if constexpr (requires { Program::schema(); })
        return Program::schema();
    else
        return {};
}

template <class Program>
std::optional<Storage> storage_of() {
    if constexpr (requires { Program::schema(); })
        return Storage{Program::schema()};
    else
        return {};
}

template <class Program>
Built build(Kit& kit, http::Router& router, typename Program::Config const& config) {
    auto program = std::make_shared<Program>(kit, config);
    program->routes(router);
    Built built;
    if constexpr (requires(http::Exchange& exchange) { program->relay(exchange); })
        built.relay = [raw = program.get()](http::Exchange& exchange) {
            return raw->relay(exchange);
        };
    if constexpr (requires { program->use_document(boost::json::object()); })
        built.use_document = [raw = program.get()](boost::json::object document) {
            raw->use_document(std::move(document));
        };
    built.program = std::move(program);
    return built;
}

}  // namespace detail

template <class Program>
int run(int argc, char** argv, About about) {
    detail::Definition definition{
        about, detail::storage_of<Program>(), [](Environment& env) -> detail::Build {
            return [config = Program::Config::read(env)](Kit& kit, http::Router& router) {
                return detail::build<Program>(kit, router, config);
            };
        }};
    if constexpr (requires { &Program::command; }) {
        definition.command = &Program::command;
        definition.command_help = Program::command_help;
    }
    return detail::run(argc, argv, std::move(definition));
}

}  // namespace grover::service
