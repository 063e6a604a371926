// The sample service, wired.
#pragma once

#include "sample/api.hpp"
#include "service/service.hpp"
#include "service/sessions.hpp"

namespace grover::sample {

class Program {
public:
    /// What this service alone reads from the environment.
    struct Config {
        std::string user_service_url;
        static Config read(Environment& env);
    };
    static store::Schema schema();

    Program(service::Kit& kit, Config const& config);
    void routes(http::Router& router);

private:
    service::Peer users_;
    service::Sessions sessions_;  // for requests that come without the gateway
    SampleApi api_;
};

}  // namespace grover::sample
