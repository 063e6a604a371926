// POST /internal/events: what events of the services make old leaves the cache (`cache.purge` of
// the configuration, cache/purge_rules.hpp).
//
//     router.post("/internal/events", purge_by_events_, &PurgeByEvents::receive);
//
// The shipments are those that services get (events/receiver.hpp), from the same relay, signed in
// the same way. There is no inbox: an event that comes twice purges twice, which costs a fetch. An
// event without a rule, or without the member that its rule names, is taken and does nothing.
#pragma once

#include "auth/caller.hpp"
#include "events/receiver.hpp"
#include "gateway/content.hpp"
#include "gateway/directory.hpp"

namespace grover::gateway {

/// Thread-safe. The rules are those of the configuration in force.
class PurgeByEvents {
public:
    PurgeByEvents(Directory const& directory, Content& content, telemetry::Metrics& metrics);

    net::Task<events::Receipt> receive(auth::Service from, events::Shipment shipment);

private:
    Directory const& directory_;
    Content& content_;
    telemetry::Counter& purged_;
};

}  // namespace grover::gateway
