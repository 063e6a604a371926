#include <atomic>
#include <mutex>

#include "base/config.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "testing/events_fixture.hpp"

namespace grover::events {
namespace {

class RelayTest : public EventsTest {
protected:
    std::string metric(std::string const& line_start) {
        auto const text = metrics_.print();
        auto const at = text.find("\n" + line_start + " ");
        if (at == std::string::npos) return {};
        auto const from = at + line_start.size() + 2;
        return text.substr(from, text.find('\n', from) - from);
    }
    bool all_delivered() { return count("outbox_deliveries") == 0; }

    /// The ids in the order in which a subscriber was sent them, repeats included.
    void note(Shipment const& shipment) {
        std::lock_guard const lock(mutex_);
        for (auto const& event : shipment.events) seen_.push_back(event.id);
    }
    std::mutex mutex_;
    std::vector<std::string> seen_;
};

TEST_F(RelayTest, TakesEventsToTheirSubscriberOnNotify) {
    consume();
    start_relay(straight(), {.poll_every = std::chrono::hours(1)});
    for (int i = 0; i < 10; ++i) publish(CountChanged{"c", 1});
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 10);
    EXPECT_EQ(count("outbox"), 10);
    EXPECT_TRUE(eventually([&] {
        return metric(R"(grover_events_delivered_total{subscriber="test-service"})") == "10";
    }));
    EXPECT_EQ(metric(R"(grover_events_pending{subscriber="test-service"})"), "0");
    EXPECT_EQ(metric(R"(grover_events_lag_seconds{subscriber="test-service"})"), "0");
}

TEST_F(RelayTest, FindsWhatAnEarlierLifeLeftBehind) {
    for (int i = 0; i < 250; ++i) publish(CountChanged{"c", 1});
    close();
    open();
    consume();
    start_relay(straight());
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 250);
}

TEST_F(RelayTest, PollsForWhatNobodyNotified) {
    consume();
    start_relay(straight(), {.poll_every = std::chrono::milliseconds(1)});
    auto const silent =
        Outbox("test-service", system_now, {{std::string(CountChanged::topic), {"test-service"}}});
    run([&]() -> Task<> {
        store::Batch batch;
        silent.add(batch, CountChanged{"c", 1});
        EXPECT_TRUE(co_await store_->commit(std::move(batch)));
    });
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 1);
}

TEST_F(RelayTest, KeepsTheOrderThroughFailures) {
    std::vector<std::string> applied;
    inbox_->on<CountChanged>(
        "test.order", [&](CountChanged const& event, store::Batch& batch) -> Task<> {
            if (random_u64() % 4 == 0) throw std::runtime_error("not now");
            applied.push_back(event.counter);
            batch.add(store::Insert{"counters", {{"_id", event.counter}, {"value", 1}}});
            co_return;
        });
    start_relay([this](http::Outgoing outgoing, http::Deadline) -> Task<http::Response> {
        auto reply = co_await answer(std::move(outgoing));
        if (random_u64() % 4 == 0) throw Error(ErrorCode::bad_gateway, "the answer is lost");
        co_return reply;
    });
    std::vector<std::string> published;
    for (int i = 0; i < 60; ++i) {
        published.push_back("c" + std::to_string(i));
        publish(CountChanged{published.back(), 1});
    }
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(count("counters") + count("events_parked"), 60);
    // A handler may run again for an event that was not committed; first runs are in order.
    std::vector<std::string> first_runs;
    for (auto const& name : applied)
        if (std::ranges::find(first_runs, name) == first_runs.end()) first_runs.push_back(name);
    std::erase_if(published, [&](auto const& name) {
        return std::ranges::find(first_runs, name) == first_runs.end();
    });
    EXPECT_EQ(first_runs, published);
}

TEST_F(RelayTest, AppliesOnceWhenTheAnswerIsLost) {
    consume();
    std::atomic<int> losses = 5;
    start_relay([&](http::Outgoing outgoing, http::Deadline) -> Task<http::Response> {
        auto reply = co_await answer(std::move(outgoing));
        if (losses-- > 0) throw Error(ErrorCode::bad_gateway, "the answer is lost");
        co_return reply;
    });
    publish(CountChanged{"c", 1});
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 1);
}

TEST_F(RelayTest, AppliesOnceWhenTheProducerDiesBeforeItKnows) {
    consume();
    std::atomic<bool> reached = false;
    start_relay([&](http::Outgoing outgoing, http::Deadline) -> Task<http::Response> {
        co_await answer(std::move(outgoing));
        reached = true;
        // The answer never comes: the process ends while it waits.
        for (;;) co_await net::pause(std::chrono::hours(1));
    });
    publish(CountChanged{"c", 1});
    ASSERT_TRUE(eventually([&] { return reached.load(); }));
    EXPECT_EQ(count("outbox_deliveries"), 1);
    close();
    open();
    consume();
    start_relay(straight());
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 1);
}

TEST_F(RelayTest, PoisonIsParkedAndTheOthersFlow) {
    inbox_->on<CountChanged>("test.counter",
                             [this](CountChanged const& event, store::Batch& batch) {
                                 if (event.by < 0) throw std::runtime_error("cannot count down");
                                 return add_up(event, batch);
                             });
    start_relay(straight());
    for (int i = 0; i < 30; ++i) publish(CountChanged{"c", i % 10 == 5 ? -1 : 1});
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 27);
    EXPECT_EQ(count("events_parked"), 3);
    EXPECT_EQ(metric("grover_events_parked_total"), "3");
}

TEST_F(RelayTest, ASubscriberThatIsAwayHoldsUpNoOther) {
    inbox_->on<Shouted>("test.shout", [](Shouted const& event, store::Batch& batch) -> Task<> {
        batch.add(store::Insert{"counters", {{"_id", event.text}, {"value", 1}}});
        co_return;
    });
    std::atomic<bool> away = true;
    std::atomic<int> tries = 0;
    start_relay([&](http::Outgoing outgoing, http::Deadline) -> Task<http::Response> {
        if (outgoing.origin == "http://test") co_return co_await answer(std::move(outgoing));
        ++tries;
        if (away) throw Error(ErrorCode::unavailable, "nobody listens");
        co_return receipt(static_cast<std::int64_t>(shipment_in(outgoing).events.size()));
    });
    publish(Shouted{"one"});
    publish(Shouted{"two"});
    EXPECT_TRUE(eventually([&] { return count("outbox_deliveries") == 2 && tries > 3; }));
    EXPECT_EQ(count("counters"), 2);
    EXPECT_NE(metric(R"(grover_events_lag_seconds{subscriber="other-service"})"), "0");
    away = false;
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
}

TEST_F(RelayTest, RemovesNothingWithoutA2xxAndAGoodReceipt) {
    std::vector<http::Response> const bad{
        http::Response::json(500, "{}"),
        http::Response::json(503, R"({"taken":1,"failed":false})"),
        http::Response::json(422, "{}"),
        http::Response::json(404, "{}"),
        http::Response::json(302, "{}"),
        http::Response::json(200, ""),
        http::Response::json(200, "{"),
        http::Response::json(200, "[]"),
        http::Response::json(200, R"({"taken":"all"})"),
        receipt(0),
        receipt(-5),
    };
    std::atomic<std::size_t> turn = 0;
    start_relay([&](http::Outgoing, http::Deadline) -> Task<http::Response> {
        co_return bad[turn++ % bad.size()];
    });
    publish(CountChanged{"c", 1});
    EXPECT_TRUE(eventually([&] { return turn > 2 * bad.size(); }));
    EXPECT_EQ(count("outbox_deliveries"), 1);
    close();  // it would go on sending, with what ends here
}

TEST_F(RelayTest, TheAttemptCountsFailuresOfTheFirstEventOnly) {
    std::mutex mutex;
    std::vector<std::int64_t> attempts;
    start_relay([&](http::Outgoing outgoing, http::Deadline) -> Task<http::Response> {
        auto const shipment = shipment_in(outgoing);
        std::lock_guard const lock(mutex);
        attempts.push_back(shipment.attempt);
        switch (attempts.size()) {
            case 1:
                throw Error(ErrorCode::unavailable, "nobody listens");
            case 2:
                co_return receipt(0, true);
            case 3:
                co_return receipt(0, false);
            case 4:
                co_return receipt(0, true);
            default:
                co_return receipt(1);
        }
    });
    publish(CountChanged{"c", 1});
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    publish(CountChanged{"c", 1});
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    std::lock_guard const lock(mutex);
    EXPECT_EQ(attempts, (std::vector<std::int64_t>{1, 1, 2, 2, 3, 1}));
}

TEST_F(RelayTest, ShipmentsAreBoundedInNumberAndBytes) {
    std::string const wide(event_bytes_max / 2, 'x');
    for (int i = 0; i < 12; ++i) publish(Shouted{wide});
    for (int i = 0; i < 150; ++i) publish(CountChanged{"c", 1});
    std::atomic<std::size_t> bytes_most = 0, events_most = 0;
    start_relay([&](http::Outgoing outgoing, http::Deadline) -> Task<http::Response> {
        auto const events = shipment_in(outgoing).events.size();
        bytes_most = std::max(bytes_most.load(), outgoing.body.size());
        events_most = std::max(events_most.load(), events);
        co_return receipt(static_cast<std::int64_t>(events));
    });
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_LT(bytes_most, limits::json_body_bytes_max);
    EXPECT_EQ(events_most, shipment_events_max);
}

TEST_F(RelayTest, PassesOverAnEventThatHasExpired) {
    publish(CountChanged{"c", 1});
    publish(CountChanged{"c", 1});
    auto const first = documents("outbox").at(0).body.at("_id").as_string();
    run([&]() -> Task<> {
        store::Batch batch;
        batch.add(store::Remove{
            .collection = "outbox", .id = std::string(first), .only_if = {}, .if_version = {}});
        EXPECT_TRUE(co_await store_->commit(std::move(batch)));
    });
    consume();
    start_relay(straight());
    EXPECT_TRUE(eventually([&] { return all_delivered(); }));
    EXPECT_EQ(counter("c"), 1);
}

TEST_F(RelayTest, WillNotStartWithoutAnAddressForASubscriber) {
    RelayParts parts{.loop = loops_->at(0),
                     .store = *store_,
                     .signer = signer_,
                     .clock = system_now,
                     .log = log_,
                     .metrics = metrics_,
                     .send = straight()};
    EXPECT_THROW(Relay(outbox_, parts, {.origins = {{"test-service", "http://test"}}}),
                 ConfigError);
}

}  // namespace
}  // namespace grover::events
