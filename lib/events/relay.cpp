#include "events/relay.hpp"

#include <boost/asio/post.hpp>

#include "base/config.hpp"
#include "base/random.hpp"
#include "events/receiver.hpp"
#include "net/async.hpp"

namespace grover::events {
namespace {

constexpr auto count_every = std::chrono::seconds(2);

/// Between half of `time` and all of it, so that queues which failed together part.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds time) {
    auto const half = static_cast<std::uint64_t>(time.count()) / 2;
    return std::chrono::milliseconds(half + random_u64() % (half + 1));
}

store::Filter waiting_for(std::string_view subscriber) {
    return {{"subscriber", store::Condition::Op::equal, boost::json::value(subscriber)}};
}

}  // namespace

/// One subscriber's. Touched on the loop only, but for the atomics, which gauges read.
struct Relay::Queue {
    Queue(std::string subscriber, std::string where, net::Loop& loop)
        : name(std::move(subscriber)), origin(std::move(where)), idle(loop) {}

    std::string name;
    std::string origin;
    net::Timer idle;     // cancelled by wake()
    bool woken = false;  // since the last look at the store
    std::chrono::milliseconds retry_after{0};
    std::string failing;  // the delivery that failed last
    int failures = 0;     // of that delivery
    std::atomic<std::int64_t> pending = 0;
    std::atomic<std::int64_t> oldest_ms = 0;  // time of the first one waiting; 0: none
    std::chrono::steady_clock::time_point counted_at{};
    telemetry::Counter* delivered = nullptr;
    telemetry::Counter* retries = nullptr;
};

/// What goes out next: deliveries[i] is the delivery of events[i].
struct Relay::Load {
    std::vector<std::string> deliveries;
    std::vector<Envelope> events;
    std::vector<std::string> expired;  // deliveries whose event has left the outbox
};

Relay::Relay(Outbox& outbox, RelayParts parts, RelayOptions options)
    : service_(outbox.service()), parts_(std::move(parts)), options_(std::move(options)) {
    for (auto const& subscriber : outbox.subscribers()) {
        auto const origin = options_.origins.find(subscriber);
        if (origin == options_.origins.end())
            throw ConfigError("there is no address for " + subscriber + ", which gets events");
        queues_.push_back(std::make_unique<Queue>(subscriber, origin->second, parts_.loop));
        auto& queue = *queues_.back();
        telemetry::Labels const labels{{"subscriber", subscriber}};
        auto& metrics = parts_.metrics;
        queue.delivered = &metrics.counter("grover_events_delivered_total",
                                           "Events that the subscriber has taken", labels);
        queue.retries = &metrics.counter("grover_events_retries_total",
                                         "Shipments that were not taken whole", labels);
        metrics.gauge(
            "grover_events_pending", "Events that wait for the subscriber",
            [&queue] { return static_cast<double>(queue.pending.load()); }, labels);
        metrics.gauge(
            "grover_events_lag_seconds", "Age of the first event that waits for the subscriber",
            [&queue, clock = parts_.clock] {
                auto const oldest = queue.oldest_ms.load();
                return oldest == 0 ? 0.0 : static_cast<double>(clock().ms - oldest) / 1000;
            },
            labels);
        // The function object is copied into the coroutine's frame, as docs/coroutines.md asks.
        net::asio::co_spawn(
            parts_.loop.executor(), [this, &queue] { return run(queue); }, net::asio::detached);
    }
    outbox.on_notify([this] { wake(); });
}

Relay::~Relay() = default;

// From any thread. Many commits of one moment cost one post to the loop.
void Relay::wake() {
    if (waking_.exchange(true)) return;
    net::asio::post(parts_.loop.executor(), [this] {
        waking_ = false;
        for (auto const& queue : queues_) {
            queue->woken = true;
            queue->idle.cancel();
        }
    });
}

net::Task<> Relay::run(Queue& queue) {
    for (;;) {
        queue.woken = false;
        bool more = false;
        bool failed = false;
        try {
            more = co_await turn(queue);
            queue.retry_after = {};
        } catch (std::exception const& exception) {
            failed = true;
            queue.retries->add();
            queue.retry_after = std::clamp(queue.retry_after * 2, options_.retry_first,
                                           std::max(options_.retry_first, options_.retry_max));
            parts_.log.warn("events wait for a subscriber",
                            {{"subscriber", queue.name},
                             {"error", exception.what()},
                             {"retry_after_ms", queue.retry_after.count()}});
        }
        if (failed) {
            co_await net::pause(with_jitter(queue.retry_after));
        } else if (!more && !queue.woken) {
            queue.idle.expires_after(options_.poll_every);
            co_await queue.idle.async_wait(net::use_tuple);
        }
    }
}

/// One shipment. True when there may be more to send; throws when it was not taken whole.
net::Task<bool> Relay::turn(Queue& queue) {
    auto load = co_await this->load(queue);
    if (!load.expired.empty()) {
        parts_.log.error("events expired before the subscriber took them",
                         {{"subscriber", queue.name}, {"events", load.expired.size()}});
        co_await remove(queue, load.expired);
    }
    if (load.events.empty()) co_return !load.expired.empty();

    auto const& first = load.deliveries.front();
    if (queue.failing != first) {
        queue.failing = first;
        queue.failures = 0;
    }
    auto const sent = load.events.size();
    auto const receipt = co_await ship(queue, std::move(load.events));
    auto const taken =
        std::min(static_cast<std::size_t>(std::max<std::int64_t>(receipt.taken, 0)), sent);
    auto deliveries = std::move(load.deliveries);
    auto const stopped_at = taken < sent ? deliveries[taken] : std::string();
    deliveries.resize(taken);
    if (taken > 0) {
        co_await remove(queue, std::move(deliveries));
        queue.delivered->add(taken);
    }
    if (taken == sent) co_return true;
    if (queue.failing != stopped_at) queue.failures = 0;
    queue.failing = stopped_at;
    if (receipt.failed) ++queue.failures;
    throw Error(ErrorCode::unavailable, "the subscriber did not take every event");
}

net::Task<Relay::Load> Relay::load(Queue& queue) {
    auto const waiting = co_await parts_.store.find({.collection = "outbox_deliveries",
                                                     .filter = waiting_for(queue.name),
                                                     .order = {{"_id"}},
                                                     .limit = shipment_events_max,
                                                     .skip = 0,
                                                     .after = {}});
    std::vector<std::string> ids;
    for (auto const& delivery : waiting)
        ids.emplace_back(std::string_view(delivery.body.at("event_id").as_string()));
    auto const rows = co_await parts_.store.get_many("outbox", ids);

    Load load;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < waiting.size() && bytes < shipment_bytes_max; ++i) {
        std::string id(std::string_view(waiting[i].body.at("_id").as_string()));
        if (!rows[i]) {
            load.expired.push_back(std::move(id));
            continue;
        }
        auto const& envelope = rows[i]->body.at("envelope");
        bytes += boost::json::serialize(envelope).size();
        load.events.push_back(reflect::from_value<Envelope>(envelope));
        load.deliveries.push_back(std::move(id));
    }
    queue.oldest_ms = load.events.empty() ? 0 : load.events.front().time.ms;
    co_await update_gauges(queue, load, waiting.size());
    co_return load;
}

net::Task<> Relay::update_gauges(Queue& queue, Load const& load, std::size_t seen) {
    queue.oldest_ms = load.events.empty() ? 0 : load.events.front().time.ms;
    auto const now = std::chrono::steady_clock::now();
    if (seen < shipment_events_max) {
        queue.pending = static_cast<std::int64_t>(seen);
    } else if (now - queue.counted_at > count_every) {
        // Counting reads the whole queue: only when one look does not show all of it, and seldom.
        queue.counted_at = now;
        queue.pending = co_await parts_.store.count("outbox_deliveries", waiting_for(queue.name));
    }
}

net::Task<Receipt> Relay::ship(Queue& queue, std::vector<Envelope> events) {
    Shipment const shipment{queue.failures + 1, std::move(events)};
    http::Outgoing request{.origin = queue.origin,
                           .method = "POST",
                           .target = "/internal/events",
                           .body = reflect::to_json(shipment)};
    request.headers.add("Content-Type", "application/json");
    request.headers.add(auth::identity_header,
                        parts_.signer.sign(auth::Service{service_}, parts_.clock()));
    auto const reply = co_await parts_.send(
        std::move(request), std::chrono::steady_clock::now() + options_.answer_within);
    if (reply.status < 200 || reply.status > 299)
        throw Error(ErrorCode::bad_gateway,
                    "the subscriber answered " + std::to_string(reply.status));
    co_return reflect::from_json<Receipt>(reply.body);
}

net::Task<> Relay::remove(Queue& queue, std::vector<std::string> deliveries) {
    auto const count = static_cast<std::int64_t>(deliveries.size());
    store::Batch batch;
    for (auto& id : deliveries)
        batch.add(store::Remove{.collection = "outbox_deliveries",
                                .id = std::move(id),
                                .only_if = {},
                                .ignore_missing = true,
                                .if_version = {}});
    // Nothing in the batch can be rejected.
    auto const done = co_await parts_.store.commit(std::move(batch));
    if (!done) throw Error(ErrorCode::internal, "deliveries could not be removed");
    queue.pending -= count;
    if (queue.pending == 0) queue.oldest_ms = 0;
}

}  // namespace grover::events
