// The event relay of a service, on what its Kit has.
//
//     relay_ = service::relay_events(kit, outbox_, {{"user-service", config.user_service_url}});
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/config.hpp"
#include "events/relay.hpp"
#include "service/kit.hpp"

namespace grover::service {

/// Where subscribers listen, by their names.
using Origins = std::map<std::string, std::string>;

/// The gateways, whose caches events purge: GATEWAY_SERVICE_URL, a list. Each has a cache of its
/// own, so each is a subscriber of its own, to every topic.
Origins read_gateways(Environment& env);
/// For events::Subscriptions.
std::vector<std::string> names_of(Origins const& origins);

/// Takes the events of `outbox` to the subscribers from loop 0, as this service. Throws ConfigError
/// when a subscriber is not among `origins` (service name and where it listens).
std::unique_ptr<events::Relay> relay_events(Kit& kit, events::Outbox& outbox, Origins origins);

}  // namespace grover::service
