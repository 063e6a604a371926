// What the tests of lib/events stand on: producer and consumer in one, on a real store.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "auth/identity.hpp"
#include "events/events.hpp"
#include "events/receiver.hpp"
#include "events/relay.hpp"
#include "http/problem.hpp"
#include "http/router.hpp"
#include "net/async.hpp"
#include "net/loop.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/run_on.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::events {

using net::Task;

struct CountChanged {
    static constexpr std::string_view topic = "count.changed.v1";
    std::string counter;
    std::int64_t by = 0;
};
BOOST_DESCRIBE_STRUCT(CountChanged, (), (counter, by))

/// An event that two services subscribe to.
struct Shouted {
    static constexpr std::string_view topic = "shouted.v1";
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Shouted, (), (text))

/// Lets a route outlive the receiver that it leads to.
struct ReceiverInUse {
    std::unique_ptr<Receiver> current;
    Task<Receipt> receive(auth::Service from, Shipment shipment) {
        return current->receive(std::move(from), std::move(shipment));
    }
};

class EventsTest : public ::testing::Test {
protected:
    EventsTest() {
        router_.post("/internal/events", receiver_, &ReceiverInUse::receive);
        open();
    }
    ~EventsTest() override { close(); }

    /// Everything that a process holds; a test may close() and open() to start a second life on the
    /// same file. Consumers and the relay are the test's to start again.
    void open() {
        loops_ = std::make_unique<net::Loops>(1);
        store::Schema schema{
            {{.name = "counters", .indexes = {}, .searchable = {}, .expires_field = {}}}};
        for (auto& spec : outbox_collections()) schema.collections.push_back(spec);
        for (auto& spec : inbox_collections()) schema.collections.push_back(spec);
        store_ =
            store::open_sqlite({.file = folder_.path() / "events.db", .schema = std::move(schema)});
        inbox_ = std::make_unique<Inbox>(*store_, system_now);
        receiver_.current = std::make_unique<Receiver>(*inbox_, log_, metrics_);
        loops_->start();
    }
    void close() {
        if (!loops_) return;
        loops_->stop();
        relay_.reset();
        store_.reset();
        loops_.reset();
    }

    /// Runs `work`, which returns a Task, on the loop and gives its result.
    template <class Work>
    auto run(Work work) {
        return net::asio::co_spawn(loops_->at(0).executor(), std::move(work), net::asio::use_future)
            .get();
    }
    /// Waits until `holds` does; false when that takes too long.
    template <class Condition>
    bool eventually(Condition holds) {
        auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!holds()) {
            if (std::chrono::steady_clock::now() > end) return false;
            run([] { return net::pause(std::chrono::milliseconds(1)); });
        }
        return true;
    }
    std::int64_t count(std::string_view collection) {
        return run([&] { return store_->count(collection, {}); });
    }
    /// The first documents of a collection.
    std::vector<store::Document> documents(std::string_view collection) {
        return run([&] {
            store::Query query;
            query.collection = collection;
            return store_->find(std::move(query));
        });
    }
    std::int64_t counter(std::string id) {
        auto const found = run([&] { return store_->get("counters", id); });
        return found ? found->body.at("value").to_number<std::int64_t>() : 0;
    }

    /// Adds to the event's counter; the first event makes it.
    Task<> add_up(CountChanged const& event, store::Batch& batch) {
        if (co_await store_->get("counters", event.counter))
            batch.add(store::Patch{.collection = "counters",
                                   .id = event.counter,
                                   .set = {},
                                   .inc = {{"value", event.by}},
                                   .only_if = {},
                                   .if_version = {}});
        else
            batch.add(store::Insert{"counters", {{"_id", event.counter}, {"value", event.by}}});
    }
    void consume(std::string consumer = "test.counter") {
        inbox_->on<CountChanged>(std::move(consumer),
                                 [this](CountChanged const& event, store::Batch& batch) {
                                     return add_up(event, batch);
                                 });
    }

    template <Event E>
    void publish(E event) {
        run([&]() -> Task<> {
            store::Batch batch;
            outbox_.add(batch, event);
            EXPECT_TRUE(co_await store_->commit(std::move(batch)));
        });
        outbox_.notify();
    }

    static Envelope envelope(std::string id, boost::json::value data) {
        return {.specversion = "1.0",
                .id = std::move(id),
                .source = "/test-service",
                .type = std::string(CountChanged::topic),
                .time = {1},
                .datacontenttype = "application/json",
                .traceparent = {},
                .data = std::move(data)};
    }
    static Envelope adds(std::string id, std::string counter = "c", std::int64_t by = 1) {
        return envelope(std::move(id), reflect::to_value(CountChanged{std::move(counter), by}));
    }

    /// What the subscriber's server does: checks who it is, routes, turns errors to problems.
    Task<http::Response> answer(http::Outgoing outgoing) {
        http::Request request;
        request.method = outgoing.method;
        request.target = request.path = outgoing.target;
        request.headers = outgoing.headers;
        request.body = std::move(outgoing.body);
        auto identity = signer_.verify(request.headers.get(auth::identity_header), system_now());
        if (identity) request.put(*std::move(identity));
        try {
            co_return co_await router_.dispatch(request);
        } catch (Error const& error) {
            co_return http::problem(error, "test");
        }
    }

    using Send = std::function<Task<http::Response>(http::Outgoing, http::Deadline)>;
    void start_relay(Send send, RelayOptions options = {}) {
        options.origins.try_emplace("test-service", "http://test");
        options.origins.try_emplace("other-service", "http://other");
        options.retry_first = options.retry_max = std::chrono::milliseconds(1);
        relay_ = std::make_unique<Relay>(outbox_,
                                         RelayParts{.loop = loops_->at(0),
                                                    .store = *store_,
                                                    .signer = signer_,
                                                    .clock = system_now,
                                                    .log = log_,
                                                    .metrics = metrics_,
                                                    .send = std::move(send)},
                                         std::move(options));
    }
    Send straight() {
        return
            [this](http::Outgoing outgoing, http::Deadline) { return answer(std::move(outgoing)); };
    }
    static Shipment shipment_in(http::Outgoing const& outgoing) {
        return reflect::from_json<Shipment>(outgoing.body);
    }
    static http::Response receipt(std::int64_t taken, bool failed = false) {
        return http::Response::json(200, reflect::to_json(Receipt{taken, failed}));
    }

    grover::testing::TemporaryFolder folder_;
    std::unique_ptr<net::Loops> loops_;
    std::unique_ptr<store::DocumentStore> store_;
    telemetry::Log log_{"test-service", telemetry::Level::off};
    telemetry::Metrics metrics_;
    auth::IdentitySigner signer_{Secret(std::string(32, 'k'))};
    Outbox outbox_{"test-service",
                   system_now,
                   {{std::string(CountChanged::topic), {"test-service"}},
                    {std::string(Shouted::topic), {"other-service", "test-service"}}}};
    std::unique_ptr<Inbox> inbox_;
    ReceiverInUse receiver_;
    http::Router router_;
    std::unique_ptr<Relay> relay_;
};

}  // namespace grover::events
