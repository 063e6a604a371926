// A service in one file: a reply, a handler, a route.
#pragma once

#include "service/service.hpp"

namespace grover::hello {

struct Greeting {
    std::string greeting;
};
BOOST_DESCRIBE_STRUCT(Greeting, (), (greeting))

class Program {
public:
    struct Config {
        static Config read(Environment&) { return {}; }
    };

    Program(service::Kit&, Config const&) {}
    void routes(http::Router& router) {
        router.get("/api/hello", *this, &Program::hello).summary("Say hello");
    }

    net::Task<Greeting> hello(http::Query<Text<1, 100>, "name"> name) {
        co_return Greeting{"Hello, " + name->str() + "!"};
    }
};

}  // namespace grover::hello
