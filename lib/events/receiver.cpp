#include "events/receiver.hpp"

#include <limits>

namespace grover::events {

void validate(Shipment const& shipment, reflect::Issues& issues) {
    if (shipment.attempt < 1 || shipment.attempt > std::numeric_limits<int>::max())
        issues.add("attempt", "must be a positive number");
    if (shipment.events.empty() || shipment.events.size() > shipment_events_max)
        issues.add("events", "must have 1 to " + std::to_string(shipment_events_max) + " entries");
    for (std::size_t i = 0; i < shipment.events.size(); ++i) {
        auto const& event = shipment.events[i];
        auto const at = "/events/" + std::to_string(i);
        if (event.specversion != "1.0") issues.add_at(at + "/specversion", "must be 1.0");
        if (!is_valid_id(event.id)) issues.add_at(at + "/id", "must be an id");
        if (event.type.empty()) issues.add_at(at + "/type", "must not be empty");
        if (event.source.empty()) issues.add_at(at + "/source", "must not be empty");
    }
}

Receiver::Receiver(Inbox& inbox, telemetry::Log& log, telemetry::Metrics& metrics) : inbox_(inbox) {
    inbox_.observe(log, metrics);
}

net::Task<Receipt> Receiver::receive(auth::Service, Shipment shipment) {
    co_return co_await inbox_.deliver_all(shipment.events, static_cast<int>(shipment.attempt));
}

}  // namespace grover::events
