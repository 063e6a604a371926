// The sample service, wired.
#pragma once

#include "sample/api.hpp"
#include "service/service.hpp"

namespace grover::sample {

class Program {
public:
    /// What this service alone reads from the environment.
    struct Config {
        static Config read(Environment& env);
    };
    static store::Schema schema();

    Program(service::Kit& kit, Config const& config);
    void routes(http::Router& router);

private:
    SampleApi api_;
};

}  // namespace grover::sample
