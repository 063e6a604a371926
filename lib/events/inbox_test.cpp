#include "testing/events_fixture.hpp"

namespace grover::events {
namespace {

class InboxTest : public EventsTest {
protected:
    void deliver(Envelope const& event, int attempt = 1) {
        run([&] { return inbox_->deliver(event, attempt); });
    }
    Receipt deliver_all(std::vector<Envelope> const& events, int attempt = 1) {
        return run([&] { return inbox_->deliver_all(events, attempt); });
    }
    /// A consumer that adds to the counter unless `fails` throws.
    void consume_unless(std::function<void(CountChanged const&)> fails,
                        std::string consumer = "test.counter") {
        inbox_->on<CountChanged>(
            std::move(consumer),
            [this, fails = std::move(fails)](CountChanged const& event, store::Batch& batch) {
                fails(event);
                return add_up(event, batch);
            });
    }
};

TEST_F(InboxTest, AppliesAnEventOnceHoweverOftenItComes) {
    consume();
    for (int i = 0; i < 3; ++i) deliver(adds("evt_1"));
    EXPECT_EQ(counter("c"), 1);
    EXPECT_EQ(deliver_all({adds("evt_1"), adds("evt_2"), adds("evt_1")}).taken, 3);
    EXPECT_EQ(counter("c"), 2);
}

TEST_F(InboxTest, AppliesAnEventOnceWhenItComesTwiceAtTheSameTime) {
    consume();
    auto const event = adds("evt_1");
    run([&]() -> Task<> {
        std::vector<Task<Receipt>> twins;
        std::vector<Envelope> const one{event};
        for (int i = 0; i < 20; ++i) twins.push_back(inbox_->deliver_all(one, 1));
        for (auto const& receipt : co_await net::gather(std::move(twins)))
            EXPECT_EQ(receipt.taken, 1);
    });
    EXPECT_EQ(counter("c"), 1);
}

TEST_F(InboxTest, TakesATopicThatNobodyConsumes) {
    deliver(adds("evt_1"));
    EXPECT_EQ(deliver_all({adds("evt_2")}).taken, 1);
    EXPECT_EQ(count("inbox"), 0);
}

TEST_F(InboxTest, LeavesNothingOfAConsumerThatThrows) {
    consume_unless([](CountChanged const&) { throw std::runtime_error("no"); });
    EXPECT_THROW(deliver(adds("evt_1")), Error);
    EXPECT_EQ(count("counters"), 0);
    EXPECT_EQ(count("inbox"), 0);
    EXPECT_EQ(count("events_parked"), 0);
}

TEST_F(InboxTest, ParksWhatFailsOnItsLastAttempt) {
    consume_unless([](CountChanged const&) { throw std::runtime_error("broken for good"); });
    EXPECT_THROW(deliver(adds("evt_1"), attempts_max - 1), Error);
    EXPECT_EQ(count("events_parked"), 0);
    deliver(adds("evt_1"), attempts_max);
    auto const parked = documents("events_parked");
    ASSERT_EQ(parked.size(), 1u);
    EXPECT_EQ(parked[0].body.at("consumer").as_string(), "test.counter");
    EXPECT_EQ(parked[0].body.at("error").as_string(), "broken for good");
    EXPECT_EQ(reflect::from_value<Envelope>(parked[0].body.at("envelope")).id, "evt_1");
    // Once more, as after a lost answer: still one.
    deliver(adds("evt_1"), attempts_max);
    EXPECT_EQ(count("events_parked"), 1);
}

TEST_F(InboxTest, ParksDataThatDoesNotDecode) {
    consume();
    auto const poison = envelope("evt_1", {{"counter", 5}, {"by", "much"}});
    auto receipt = deliver_all({adds("evt_0"), poison, adds("evt_2")});
    EXPECT_EQ(receipt.taken, 1);
    EXPECT_TRUE(receipt.failed);
    receipt = deliver_all({poison, adds("evt_2")}, attempts_max);
    EXPECT_EQ(receipt.taken, 2);
    EXPECT_FALSE(receipt.failed);
    EXPECT_EQ(count("events_parked"), 1);
    EXPECT_EQ(counter("c"), 2);
}

TEST_F(InboxTest, NeverParksForTroubleOutside) {
    for (auto const code :
         {ErrorCode::unavailable, ErrorCode::gateway_timeout, ErrorCode::bad_gateway}) {
        auto const name = "test." + std::string(slug_of(code));
        consume_unless([code](CountChanged const&) { throw Error(code, "later"); }, name);
    }
    auto const receipt = deliver_all({adds("evt_1")}, 1'000);
    EXPECT_EQ(receipt.taken, 0);
    EXPECT_FALSE(receipt.failed);
    EXPECT_EQ(count("events_parked"), 0);
}

TEST_F(InboxTest, OneConsumersFailureIsNotTheOthers) {
    int failures = 2;
    consume_unless(
        [&](CountChanged const&) {
            if (failures-- > 0) throw std::runtime_error("not yet");
        },
        "test.slow");
    consume("test.quick");
    EXPECT_THROW(deliver(adds("evt_1")), Error);
    EXPECT_EQ(counter("c"), 1);
    EXPECT_THROW(deliver(adds("evt_1")), Error);
    EXPECT_EQ(counter("c"), 1);
    deliver(adds("evt_1"));
    EXPECT_EQ(counter("c"), 2);
}

TEST_F(InboxTest, AConflictIsTriedAgainAtOnce) {
    int rounds = 0;
    inbox_->on<CountChanged>(
        "test.conflict", [&](CountChanged const& event, store::Batch& batch) -> Task<> {
            // The first try meets a document that another writer just made.
            if (++rounds == 1) {
                store::Batch other;
                other.add(store::Insert{"counters", {{"_id", event.counter}, {"value", 10}}});
                EXPECT_TRUE(co_await store_->commit(std::move(other)));
                batch.add(store::Insert{"counters", {{"_id", event.counter}, {"value", event.by}}});
            } else {
                co_await add_up(event, batch);
            }
        });
    deliver(adds("evt_1"));
    EXPECT_EQ(rounds, 2);
    EXPECT_EQ(counter("c"), 11);
}

TEST_F(InboxTest, AConflictThatStaysIsAFailure) {
    inbox_->on<CountChanged>(
        "test.conflict", [](CountChanged const&, store::Batch& batch) -> Task<> {
            batch.add(store::Remove{
                .collection = "counters", .id = "absent", .only_if = {}, .if_version = {}});
            co_return;
        });
    auto const receipt = deliver_all({adds("evt_1")});
    EXPECT_EQ(receipt.taken, 0);
    EXPECT_TRUE(receipt.failed);
    EXPECT_EQ(count("inbox"), 0);
}

TEST_F(InboxTest, EventsTogetherOrOneByOneComeToTheSame) {
    consume();
    std::vector<Envelope> events;
    for (int i = 0; i < 50; ++i) events.push_back(adds("evt_" + std::to_string(i)));
    // The counter is not there yet, so every event of the batch wants to make it: one by one.
    EXPECT_EQ(deliver_all(events).taken, 50);
    EXPECT_EQ(counter("c"), 50);
    for (auto& event : events) event.id += "_again";
    EXPECT_EQ(deliver_all(events).taken, 50);
    EXPECT_EQ(counter("c"), 100);
    EXPECT_EQ(count("inbox"), 100);
}

}  // namespace
}  // namespace grover::events
