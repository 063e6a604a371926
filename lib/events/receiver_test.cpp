#include "testing/events_fixture.hpp"

namespace grover::events {
namespace {

class ReceiverTest : public EventsTest {
protected:
    ReceiverTest() { consume(); }

    http::Response post(std::string body, std::string identity) {
        http::Outgoing outgoing{.origin = "http://test",
                                .method = "POST",
                                .target = "/internal/events",
                                .body = std::move(body)};
        outgoing.headers.add("Content-Type", "application/json");
        outgoing.headers.add(auth::identity_header, identity);
        return run([&] { return answer(outgoing); });
    }
    http::Response post(std::string body) {
        return post(std::move(body), signer_.sign(auth::Service{"other-service"}, system_now()));
    }
    static std::string shipment(std::vector<Envelope> events, std::int64_t attempt = 1) {
        return reflect::to_json(Shipment{attempt, std::move(events)});
    }
};

TEST_F(ReceiverTest, AppliesAShipmentAndSaysHowFarItCame) {
    auto const reply = post(shipment({adds("evt_1"), adds("evt_2")}));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, R"({"taken":2,"failed":false})");
    EXPECT_EQ(counter("c"), 2);
}

TEST_F(ReceiverTest, RefusesABadEnvelopeWithTheWholeShipment) {
    auto const with = [](auto change) {
        auto bad = adds("evt_2");
        change(bad);
        return shipment({adds("evt_1"), bad});
    };
    std::vector<std::string> const bodies{
        with([](Envelope& e) { e.specversion = "0.3"; }),
        with([](Envelope& e) { e.specversion.clear(); }),
        with([](Envelope& e) { e.id.clear(); }),
        with([](Envelope& e) { e.id = std::string(65, 'x'); }),
        with([](Envelope& e) { e.id = "a b"; }),
        with([](Envelope& e) { e.type.clear(); }),
        with([](Envelope& e) { e.source.clear(); }),
        shipment({}),
        shipment({adds("evt_1")}, 0),
        shipment({adds("evt_1")}, -1),
        shipment({adds("evt_1")}, std::int64_t{1} << 40),
        shipment(std::vector<Envelope>(shipment_events_max + 1, adds("evt_1"))),
        "{}",
        R"({"attempt":1})",
        R"({"attempt":1,"events":null})",
        R"({"attempt":1,"events":{}})",
        R"({"attempt":1,"events":[null]})",
        R"({"attempt":1,"events":[{}]})",
        R"({"attempt":1,"events":[{"id":"evt_1"}]})",
        R"({"attempt":1.5,"events":[]})",
        R"([])",
    };
    for (auto const& body : bodies) EXPECT_EQ(post(body).status, 422) << body.substr(0, 200);
    EXPECT_EQ(count("counters"), 0);
    EXPECT_EQ(count("inbox"), 0);
}

TEST_F(ReceiverTest, RefusesWhatIsNotJson) {
    auto const whole = shipment({adds("evt_1")});
    for (auto const& body : {std::string(), std::string("{"), whole.substr(0, whole.size() - 1),
                             std::string("\xff\xfe"), std::string(100, '[')})
        EXPECT_EQ(post(body).status, 400) << body;
    EXPECT_EQ(count("inbox"), 0);
}

TEST_F(ReceiverTest, TakesFromServicesOnly) {
    auto const body = shipment({adds("evt_1")});
    auth::Caller const caller{.user_id = auth::UserId::trusted("user_1"),
                              .session_id = auth::SessionId::trusted("sess_1"),
                              .roles = {auth::Role::admin}};
    auth::IdentitySigner const stranger{Secret(std::string(32, 'x'))};
    auto const now = system_now();
    auto const late = now - 2 * std::chrono::milliseconds(auth::identity_lifetime);
    for (auto const& identity : {std::string(), std::string("nonsense"), signer_.sign(caller, now),
                                 stranger.sign(auth::Service{"other-service"}, now),
                                 signer_.sign(auth::Service{"other-service"}, late)}) {
        auto const status = post(body, identity).status;
        EXPECT_TRUE(status == 401 || status == 403 || status == 404) << status;
    }
    EXPECT_EQ(count("inbox"), 0);
}

}  // namespace
}  // namespace grover::events
