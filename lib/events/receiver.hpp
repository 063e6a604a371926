// The receiving end of the embedded transport: POST /internal/events of a service that consumes.
//
//     events::Receiver receiver_{inbox_, kit.log(), kit.metrics()};
//     router.post("/internal/events", receiver_, &events::Receiver::receive);
//
// A shipment with a bad envelope is refused as a whole (422) before anything of it is applied. The
// Receipt tells how far the consumers came; the relay sends the rest again.
#pragma once

#include "auth/caller.hpp"
#include "events/events.hpp"

namespace grover::events {

/// The most envelopes that travel together, and the bytes after which a shipment is closed. With
/// one more event of event_bytes_max it stays under limits::json_body_bytes_max.
inline constexpr std::size_t shipment_events_max = 100;
inline constexpr std::size_t shipment_bytes_max = 512 << 10;

/// What the relay posts. Only the first event can have failed before: what follows it waits.
struct Shipment {
    std::int64_t attempt = 1;  // of the first event; 1 is the first try
    std::vector<Envelope> events;
};
BOOST_DESCRIBE_STRUCT(Shipment, (), (attempt, events))

void validate(Shipment const& shipment, reflect::Issues& issues);

class Receiver {
public:
    Receiver(Inbox& inbox, telemetry::Log& log, telemetry::Metrics& metrics);

    net::Task<Receipt> receive(auth::Service from, Shipment shipment);

private:
    Inbox& inbox_;
};

}  // namespace grover::events
