#include "service/event_relay.hpp"

#include "net/endpoint.hpp"

namespace grover::service {

Origins read_gateways(Environment& env) {
    Origins out;
    constexpr auto name = "GATEWAY_SERVICE_URL";
    for (auto& url : env.list(name, "", "gateways whose caches events purge; each one by itself")) {
        if (!net::Endpoint::parse(url))
            env.problem(name, "must be http://host[:port], https://host[:port] or unix:/path");
        out.emplace("api-gateway@" + url, url);
    }
    return out;
}

std::vector<std::string> names_of(Origins const& origins) {
    std::vector<std::string> out;
    for (auto const& [name, origin] : origins) out.push_back(name);
    return out;
}

std::unique_ptr<events::Relay> relay_events(Kit& kit, events::Outbox& outbox, Origins origins) {
    auto send = [&kit](http::Outgoing request, http::Deadline deadline) {
        return kit.client().send(std::move(request), deadline);
    };
    return std::make_unique<events::Relay>(outbox,
                                           events::RelayParts{.loop = kit.loops().at(0),
                                                              .store = kit.store(),
                                                              .signer = kit.signer(),
                                                              .clock = kit.clock(),
                                                              .log = kit.log(),
                                                              .metrics = kit.metrics(),
                                                              .send = std::move(send)},
                                           events::RelayOptions{.origins = std::move(origins)});
}

}  // namespace grover::service
