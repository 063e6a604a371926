// Events between services: stored with the state they tell of (outbox), delivered at least once,
// applied once (inbox).
//
//     outbox.add(batch, PostCreated{...});                       // the producer: the same batch as
//     the post itself
//
//     inbox.on<UserDeleted>("posts.forget-user", [&](UserDeleted const& event, store::Batch& batch)
//     -> Task<> {
//         ... adds its writes to batch ...
//     });                                                        // the consumer: the kit commits
//     batch + inbox mark
//
// An event is a described struct with a `topic` ("post.created.v1"). Its envelope is
// CloudEvents 1.0 in JSON (structured mode). The embedded transport posts batches of envelopes to
// POST /internal/events of each subscriber, signed as a service; per subscriber in the order of
// their commit, retried with back-off until taken. A consumer that keeps failing on one event parks
// it (collection "events_parked") after its retries, so poison never blocks the queue.
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/task.hpp"
#include "reflect/codec.hpp"
#include "store/document_store.hpp"

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

/// The collections of a service that publishes ("outbox", "outbox_deliveries") or consumes
/// ("inbox", "events_parked").
std::vector<store::CollectionSpec> outbox_collections();
std::vector<store::CollectionSpec> inbox_collections();

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

private:
    void add(store::Batch& batch, std::string_view topic, boost::json::value data) const;

    std::string service_;
    Clock clock_;
    Subscriptions subscriptions_;
    std::function<void()> notify_;
};

/// Applies events that arrive. Thread-safe after set-up.
class Inbox {
public:
    explicit Inbox(store::DocumentStore& store, Clock clock);

    /// `consumer` is permanent: it keys the marks. A topic may have several consumers.
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

    /// Applies one envelope to each of its consumers, once each. Throws Error when a consumer
    /// failed and the sender should try again; parks the event once `attempt` has reached the
    /// limit.
    net::Task<> deliver(Envelope const& envelope, int attempt);

private:
    struct Consumer {
        std::string name;
        std::function<net::Task<>(boost::json::value const&, store::Batch&)> apply;
    };
    store::DocumentStore& store_;
    Clock clock_;
    std::map<std::string, std::vector<Consumer>, std::less<>> consumers_;
};

}  // namespace grover::events
