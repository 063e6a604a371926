#include "testing/events_fixture.hpp"

namespace grover::events {
namespace {

using OutboxTest = EventsTest;

TEST_F(OutboxTest, StoresTheEnvelopeAndOneDeliveryPerSubscriber) {
    publish(Shouted{"hey"});
    auto const rows = documents("outbox");
    ASSERT_EQ(rows.size(), 1u);
    auto const envelope = reflect::from_value<Envelope>(rows[0].body.at("envelope"));
    EXPECT_EQ(envelope.specversion, "1.0");
    EXPECT_EQ(envelope.id, rows[0].body.at("_id").as_string());
    EXPECT_EQ(envelope.source, "/test-service");
    EXPECT_EQ(envelope.type, "shouted.v1");
    EXPECT_EQ(envelope.datacontenttype, "application/json");
    EXPECT_EQ(envelope.data, (boost::json::value{{"text", "hey"}}));
    EXPECT_EQ(Timestamp::parse(rows[0].body.at("expires_at").as_string()),
              envelope.time + retention);
    EXPECT_EQ(count("outbox_deliveries"), 2);
}

TEST_F(OutboxTest, TellsThoseWhoHearOfEveryTopicToo) {
    Outbox const outbox("test-service", system_now,
                        {{std::string(Shouted::topic), {"test-service"}},
                         {std::string(every_topic), {"gateway-1", "gateway-2"}}});
    EXPECT_EQ(outbox.subscribers(),
              (std::set<std::string>{"gateway-1", "gateway-2", "test-service"}));
    run([&]() -> Task<> {
        store::Batch batch;
        outbox.add(batch, Shouted{"hey"});
        outbox.add(batch, CountChanged{"c", 1});
        EXPECT_TRUE(co_await store_->commit(std::move(batch)));
    });
    EXPECT_EQ(count("outbox"), 2);
    EXPECT_EQ(count("outbox_deliveries"), 5);
}

TEST_F(OutboxTest, KeepsAnEventThatNobodySubscribesTo) {
    Outbox const alone("test-service", system_now, {});
    run([&]() -> Task<> {
        store::Batch batch;
        alone.add(batch, Shouted{"hey"});
        EXPECT_TRUE(co_await store_->commit(std::move(batch)));
    });
    EXPECT_EQ(count("outbox"), 1);
    EXPECT_EQ(count("outbox_deliveries"), 0);
}

TEST_F(OutboxTest, LeavesNothingOfARejectedBatch) {
    publish(CountChanged{"c", 1});
    run([&]() -> Task<> {
        store::Batch batch;
        outbox_.add(batch, CountChanged{"c", 1});
        batch.add(store::Remove{
            .collection = "counters", .id = "absent", .only_if = {}, .if_version = {}});
        EXPECT_FALSE(co_await store_->commit(std::move(batch)));
    });
    EXPECT_EQ(count("outbox"), 1);
    EXPECT_EQ(count("outbox_deliveries"), 1);
}

TEST_F(OutboxTest, RefusesAnEventThatNoShipmentCouldHold) {
    store::Batch batch;
    EXPECT_THROW(outbox_.add(batch, Shouted{std::string(event_bytes_max, 'x')}), std::length_error);
    EXPECT_TRUE(batch.empty());
}

TEST_F(OutboxTest, NotifyWithoutARelayDoesNothing) {
    outbox_.notify();
}

}  // namespace
}  // namespace grover::events
