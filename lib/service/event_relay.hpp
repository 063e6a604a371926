// The event relay of a service, on what its Kit has.
//
//     relay_ = service::relay_events(kit, outbox_, {{"user-service", config.user_service_url}});
#pragma once

#include <map>
#include <memory>
#include <string>

#include "events/relay.hpp"
#include "service/kit.hpp"

namespace grover::service {

/// Takes the events of `outbox` to the subscribers from loop 0, as this service. Throws ConfigError
/// when a subscriber is not among `origins` (service name and where it listens).
std::unique_ptr<events::Relay> relay_events(Kit& kit, events::Outbox& outbox,
                                            std::map<std::string, std::string> origins);

}  // namespace grover::service
