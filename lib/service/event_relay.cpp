#include "service/event_relay.hpp"

namespace grover::service {

std::unique_ptr<events::Relay> relay_events(Kit& kit, events::Outbox& outbox,
                                            std::map<std::string, std::string> origins) {
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
