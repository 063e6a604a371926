#include "gateway/purge_by_events.hpp"

#include "gateway/cache/purge_rules.hpp"

namespace grover::gateway {

PurgeByEvents::PurgeByEvents(Directory const& directory, Content& content,
                             telemetry::Metrics& metrics)
    : directory_(directory),
      content_(content),
      purged_(metrics.counter("gateway_cache_purged_by_events_total",
                              "URLs that events of the services took out of the cache")) {}

net::Task<events::Receipt> PurgeByEvents::receive(auth::Service, events::Shipment shipment) {
    auto const snapshot = directory_.snapshot();
    auto const& rules = snapshot->config.cache.purge;
    for (auto const& event : shipment.events)
        for (auto const& tag : cache::tags_of(rules, event.type, event.data))
            purged_.add(content_.store().purge_tag(tag));
    co_return events::Receipt{static_cast<std::int64_t>(shipment.events.size()), false};
}

}  // namespace grover::gateway
