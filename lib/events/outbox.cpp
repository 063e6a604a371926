#include <stdexcept>

#include "base/id.hpp"
#include "events/events.hpp"

namespace grover::events {

std::vector<store::CollectionSpec> outbox_collections() {
    return {
        {.name = "outbox", .expires_field = "expires_at", .shard_key = {{.field = "_id"}}},
        // "_id" is the event's id and the subscriber, so the index holds each queue in its order.
        {.name = "outbox_deliveries",
         .indexes = {{.fields = {"subscriber"}}},
         .searchable = {},
         .expires_field = {}},
    };
}

Outbox::Outbox(std::string service, Clock clock, Subscriptions subscriptions)
    : service_(std::move(service)),
      clock_(std::move(clock)),
      subscriptions_(std::move(subscriptions)) {}

void Outbox::notify() const {
    if (notify_) notify_();
}

std::set<std::string> Outbox::subscribers() const {
    std::set<std::string> out;
    for (auto const& [topic, names] : subscriptions_) out.insert(names.begin(), names.end());
    return out;
}

void Outbox::add(store::Batch& batch, std::string_view topic, boost::json::value data) const {
    auto const now = clock_();
    Envelope const envelope{.specversion = "1.0",
                            .id = "evt_" + make_ulid(now),
                            .source = "/" + service_,
                            .type = std::string(topic),
                            .time = now,
                            .datacontenttype = "application/json",
                            .traceparent = {},
                            .data = std::move(data)};
    auto stored = reflect::to_json(envelope);
    if (stored.size() > event_bytes_max)
        throw std::length_error("an event of " + std::string(topic) + " is too large");
    batch.add(store::Insert{"outbox",
                            {{"_id", envelope.id},
                             {"envelope", boost::json::parse(stored)},
                             {"expires_at", (now + retention).to_string()}}});
    for (auto const key : {topic, every_topic}) {
        auto const subscribed = subscriptions_.find(key);
        if (subscribed == subscriptions_.end()) continue;
        for (auto const& subscriber : subscribed->second)
            batch.add(store::Insert{"outbox_deliveries",
                                    {{"_id", envelope.id + ":" + subscriber},
                                     {"subscriber", subscriber},
                                     {"event_id", envelope.id}}});
    }
}

}  // namespace grover::events
