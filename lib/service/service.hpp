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
//     static store::Schema schema();                 // empty for a service without data
//     Program(service::Kit&, Config);                // wires its objects in reading order
//     void routes(http::Router&);
//
// Flags: --check-config, --print-config, --routes, --openapi, --where METHOD PATH, --version,
// --help.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/router.hpp"
#include "service/kit.hpp"
#include "store/document_store.hpp"

namespace grover::service {

struct About {
    std::string_view name;         // "post-service"
    std::string_view title;        // "Grover post service", for OpenAPI
    std::string_view description;  // one sentence
    std::uint16_t port = 0;        // default of PORT
    std::string_view database;     // default of DB_NAME; empty: a service without data
};

namespace detail {

/// A Program with its type erased, so that run() is compiled once.
struct Definition {
    About about;
    store::Schema schema;
    /// Reads the program's own settings and returns what builds it.
    std::function<std::function<std::shared_ptr<void>(Kit&, http::Router&)>(Environment&)>
        configure;
};

int run(int argc, char** argv, Definition definition);

}  // namespace detail

template <class Program>
int run(int argc, char** argv, About about) {
    return detail::run(
        argc, argv,
        {about, Program::schema(),
         [](Environment& env) -> std::function<std::shared_ptr<void>(Kit&, http::Router&)> {
             auto config = Program::Config::read(env);
             return [config = std::move(config)](Kit& kit, http::Router& router) {
                 auto program = std::make_shared<Program>(kit, config);
                 program->routes(router);
                 return std::shared_ptr<void>(std::move(program));
             };
         }});
}

}  // namespace grover::service
