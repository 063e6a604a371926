// Events between services: stored with the state they tell of (outbox), delivered at least once,
// applied once (inbox).
//
//     // The producer adds the event to the batch that holds the post itself:
//     outbox.add(batch, PostCreated{...});
//
//     // The consumer adds its writes to the batch; batch and inbox mark are committed together:
//     inbox.on<UserDeleted>("posts.forget-user",
//                           [&](UserDeleted const& event, store::Batch& batch) -> Task<> { ... });
//
// An event is a described struct with a `topic` ("post.created.v1"). Its envelope is
// CloudEvents 1.0 in JSON (structured mode). The embedded transport (relay.hpp, receiver.hpp) posts
// batches of envelopes to POST /internal/events of each subscriber, signed as a service; per
// subscriber in the order of their ids, retried with back-off until taken. An event that was added
// after another one had been committed has the higher id, so causes arrive before their effects. A
// consumer that keeps failing on one event parks it (collection "events_parked") after its retries,
// so poison never blocks the queue.
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/task.hpp"
#include "reflect/codec.hpp"
#include "store/document_store.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace grover::events {

template <class E>
concept Event = reflect::Described<E> && requires {
    { E::topic } -> std::convertible_to<std::string_view>;
};

/// CloudEvents 1.0 (github.com/cloudevents/spec), JSON format.
struct Envelope {
    std::string specversion;
    std::string id;
    std::string source;  // "/post-service"
    std::string type;    // the topic
    Timestamp time;
    std::string datacontenttype;
    std::optional<std::string> traceparent;
    boost::json::value data;
};
BOOST_DESCRIBE_STRUCT(Envelope, (),
                      (specversion, id, source, type, time, datacontenttype, traceparent, data))

/// Where a topic goes: the names of the subscribed services. Known at start: {"post.created.v1",
/// {"user-service"}}.
using Subscriptions = std::map<std::string, std::vector<std::string>, std::less<>>;
/// In place of a topic: all of them.
inline constexpr std::string_view every_topic = "*";

/// The collections of a service that publishes ("outbox", "outbox_deliveries") or consumes
/// ("inbox", "events_parked").
std::vector<store::CollectionSpec> outbox_collections();
std::vector<store::CollectionSpec> inbox_collections();

/// Events stay in the outbox that long, delivered or not: what a subscriber has not taken by then
/// is lost to it. Inbox marks live twice as long, so a mark outlives every repeat of its event.
inline constexpr auto retention = std::chrono::days(30);
/// The JSON of one event's data; add() throws for more. Bounds a shipment with limits of its own.
inline constexpr std::size_t event_bytes_max = 256 << 10;
/// How often a consumer may fail on one event before it is parked.
inline constexpr int attempts_max = 10;

class Outbox {
public:
    Outbox(std::string service, Clock clock, Subscriptions subscriptions);

    /// Adds the event, and one delivery per subscriber, to the batch.
    template <Event E>
    void add(store::Batch& batch, E const& event) const {
        add(batch, E::topic, reflect::to_value(event));
    }
    /// Called after each commit that had events, so that the relay need not poll; set by the relay.
    void notify() const;
    void on_notify(std::function<void()> function) { notify_ = std::move(function); }

    std::string const& service() const noexcept { return service_; }
    /// Every service that subscribes to anything.
    std::set<std::string> subscribers() const;

private:
    void add(store::Batch& batch, std::string_view topic, boost::json::value data) const;

    std::string service_;
    Clock clock_;
    Subscriptions subscriptions_;
    std::function<void()> notify_;
};

/// How far a receiver came with a shipment: the first `taken` events are applied (or parked) for
/// good. `failed`: the one after them failed by itself, so it counts as an attempt; otherwise
/// something was out of order that has nothing to do with the event.
struct Receipt {
    std::int64_t taken = 0;
    bool failed = false;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (taken, failed))

/// Applies events that arrive. Thread-safe after set-up.
class Inbox {
public:
    explicit Inbox(store::DocumentStore& store, Clock clock);

    /// `consumer` is permanent: it keys the marks. A topic may have several consumers.
    ///
    /// What the handler adds to the batch happens exactly once; whatever else it does may happen
    /// again. Events that arrive together share a batch: a handler that writes what it computed
    /// from a read guards that write (if_version, only_if), else it might miss the event before.
    template <Event E>
    void on(std::string consumer, std::function<net::Task<>(E const&, store::Batch&)> handler) {
        consumers_[std::string(E::topic)].push_back(
            {std::move(consumer),
             [handler = std::move(handler)](boost::json::value const& data,
                                            store::Batch& batch) -> net::Task<> {
                 // The event lives in this frame while the handler runs.
                 auto const event = reflect::from_value<E>(data);
                 co_await handler(event, batch);
             }});
    }

    /// Failures and parked events are logged and counted there; the receiver calls it.
    void observe(telemetry::Log& log, telemetry::Metrics& metrics);

    /// Applies one envelope to each of its consumers, once each. Throws Error when a consumer
    /// failed and the sender should try again; parks the event once `attempt` has reached the
    /// limit. Trouble outside the event (unavailable, gateway_timeout, bad_gateway) never parks it.
    net::Task<> deliver(Envelope const& envelope, int attempt);

    /// Applies the envelopes in their order: all in one batch when nothing is in the way, else one
    /// by one up to the first failure. `attempt` is the first one's; the others have not failed
    /// yet.
    net::Task<Receipt> deliver_all(std::vector<Envelope> const& envelopes, int attempt);

private:
    struct Consumer {
        std::string name;
        std::function<net::Task<>(boost::json::value const&, store::Batch&)> apply;
    };
    std::vector<Consumer> const& consumers_of(std::string_view topic) const;
    net::Task<bool> apply_together(std::vector<Envelope> const& envelopes);
    net::Task<std::optional<Error>> apply(Consumer const& consumer, Envelope const& envelope);
    net::Task<> park(Consumer const& consumer, Envelope const& envelope, int attempt,
                     std::string error);
    store::Insert mark(std::string id) const;

    store::DocumentStore& store_;
    Clock clock_;
    std::map<std::string, std::vector<Consumer>, std::less<>> consumers_;
    telemetry::Log* log_ = nullptr;  // null until observe()
    telemetry::Counter* applied_ = nullptr;
    telemetry::Counter* parked_ = nullptr;
};

}  // namespace grover::events
