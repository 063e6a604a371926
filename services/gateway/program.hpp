// The gateway, wired: the table, the upstreams per loop, the session cache, and what it says of
// itself.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/overview.hpp"
#include "gateway/table.hpp"
#include "gateway/tries.hpp"
#include "http/exchange.hpp"
#include "service/peer.hpp"
#include "service/service.hpp"
#include "service/sessions.hpp"

namespace grover::gateway {

class Program {
public:
    struct Config {
        std::array<std::optional<std::string>, targets>
            origins;  // by Target; nothing: not running yet
        static Config read(Environment& env);
    };
    static store::Schema schema() { return {}; }

    Program(service::Kit& kit, Config const& config);

    void routes(http::Router& router);
    /// The document of the gateway's own routes is the base of the union that /openapi.json serves.
    void use_document(boost::json::object document) {
        overview_.set_own_document(std::move(document));
    }

    /// Answers what the table knows; false for the gateway's own paths.
    net::Task<bool> relay(http::Exchange& exchange);

private:
    net::Task<std::string> identity_of(http::Exchange& exchange);
    void observe(http::Exchange const& exchange, Row const& row, int status);

    service::Kit& kit_;
    std::array<std::unique_ptr<service::Peer>, targets> peers_;
    std::vector<std::unique_ptr<http::TlsContext>> tls_;                     // by loop
    std::vector<std::array<std::unique_ptr<Upstream>, targets>> upstreams_;  // by loop
    service::Sessions sessions_;
    Overview overview_;
    std::array<telemetry::Histogram*, targets> durations_{};
    std::array<std::array<telemetry::Counter*, 6>, targets> answers_{};  // by status class
};

}  // namespace grover::gateway
