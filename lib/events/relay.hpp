// The sending end of the embedded transport: takes what is in "outbox_deliveries" to the
// subscribers.
//
// One coroutine per subscriber, so a subscriber that is away holds up no other. Per subscriber one
// shipment is under way at a time, in the order of the events; a delivery is removed only after the
// subscriber's 2xx said that it was taken. What fails is tried again after 100 ms, then twice as
// long each time up to 10 s, with jitter. Woken by Outbox::notify(), and by a slow poll for what
// another process or an earlier life left behind.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "auth/identity.hpp"
#include "events/events.hpp"
#include "http/client.hpp"
#include "net/loop.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace grover::events {

/// What a relay stands on; all of it outlives the relay.
struct RelayParts {
    net::Loop& loop;
    store::DocumentStore& store;
    auth::IdentitySigner const& signer;
    Clock clock;
    telemetry::Log& log;
    telemetry::Metrics& metrics;
    /// http::Client::send of a client of `loop`.
    std::function<net::Task<http::Response>(http::Outgoing, http::Deadline)> send;
};

struct RelayOptions {
    /// Where each subscriber is: {"user-service", "http://127.0.0.1:8001"}.
    std::map<std::string, std::string> origins{};
    std::chrono::milliseconds poll_every = std::chrono::seconds(5);
    std::chrono::milliseconds retry_first = std::chrono::milliseconds(100);
    std::chrono::milliseconds retry_max = std::chrono::seconds(10);
    std::chrono::milliseconds answer_within = std::chrono::seconds(30);
};

class Relay {
public:
    /// Starts on the loop. Throws ConfigError when a subscriber of `outbox` has no origin. Destroy
    /// it after the loop has stopped.
    Relay(Outbox& outbox, RelayParts parts, RelayOptions options);
    ~Relay();
    Relay(Relay const&) = delete;
    Relay& operator=(Relay const&) = delete;

private:
    struct Queue;
    struct Load;

    net::Task<> run(Queue& queue);
    net::Task<Load> load(Queue& queue);
    net::Task<> update_gauges(Queue& queue, Load const& load, std::size_t seen);
    net::Task<Receipt> ship(Queue& queue, std::vector<Envelope> events);
    net::Task<> remove(Queue& queue, std::vector<std::string> deliveries);
    net::Task<bool> turn(Queue& queue);
    void wake();

    std::string service_;
    RelayParts parts_;
    RelayOptions options_;
    std::vector<std::unique_ptr<Queue>> queues_;
    std::atomic<bool> waking_ = false;
};

}  // namespace grover::events
