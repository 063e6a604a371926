// Events at the gateway, over the wire, as a service's relay sends them and as nobody should.
#include "gateway/purge_by_events.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "auth/identity.hpp"
#include "gateway/program.hpp"
#include "testing/served.hpp"

namespace grover::gateway {
namespace {

using testing::RawReply;

class EventsAtTheGateway : public ::testing::Test {
protected:
    EventsAtTheGateway() {
        write("user.updated.v1: ['user:{user_id}']");
        gateway_ = std::make_unique<testing::Served<Program>>(
            std::map<std::string, std::string>{{"GATEWAY_CONFIG", file()}});
    }
    void write(std::string const& rule) {
        std::ofstream(file()) << "services: {pages: {instances: ['" << pages_.origin()
                              << "']}}\nroutes:\n  - {path: /**, service: pages, cache: {}}\n"
                              << "  - {path: '/tagged/{user_id}/x', service: pages, cache: {}, "
                                 "response: {fields: {add: {Cache-Tag: 'user:{user_id}'}}}}\n"
                              << "cache: {purge: {" << rule << "}}\n";
    }
    std::string file() const { return (folder_.path() / "gateway.yaml").string(); }

    /// The page of that tag: "hit" when the cache had it.
    std::string read(std::string const& tag) { return look("/pages/" + tag); }
    std::string look(std::string const& path) {
        auto const reply = gateway_->get(path);
        EXPECT_EQ(reply.status, 200) << reply.body;
        auto const status = reply.headers.get("Cache-Status");
        EXPECT_FALSE(reply.headers.contains("Cache-Tag"));
        return status.contains("; hit") ? "hit" : "miss";
    }
    void store(std::string const& tag) {
        read(tag);
        EXPECT_EQ(read(tag), "hit");
    }

    RawReply post(std::string_view body, std::string const& identity) {
        std::string fields = "Content-Type: application/json\r\n";
        if (!identity.empty())
            fields += std::string(auth::identity_header) + ": " + identity + "\r\n";
        return gateway_->send("POST", "/internal/events", fields, body);
    }
    std::string service() {
        return gateway_->kit().signer().sign(auth::Service{"user-service"}, system_now());
    }
    static std::string event(std::string const& id, std::string const& type, std::string data) {
        return R"({"specversion":"1.0","id":")" + id + R"(","source":"/user-service","type":")" +
               type +
               R"(","time":"2026-11-26T10:00:00.000Z","datacontenttype":"application/json",)"
               R"("traceparent":null,"data":)" +
               data + "}";
    }
    static std::string shipment(std::string const& events) {
        return R"({"attempt":1,"events":[)" + events + "]}";
    }
    static std::string updated(std::string const& user, std::string const& id = "evt_1") {
        return event(id, "user.updated.v1", R"({"user_id":")" + user + "\"}");
    }

    testing::TemporaryFolder folder_;
    testing::StandIn pages_{[](http::Request& request) -> net::Task<http::Response> {
        auto response = http::Response::json(200, "{}");
        response.headers.add("Cache-Control", "public, max-age=600");
        response.headers.add("Cache-Tag", "page, " + request.path.substr(7));
        co_return response;
    }};
    std::unique_ptr<testing::Served<Program>> gateway_;
};

TEST_F(EventsAtTheGateway, ForgetsWhatHasTheTagAndNothingElse) {
    store("user:a");
    store("user:b");
    auto const reply = post(shipment(updated("a")), service());
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, R"({"taken":1,"failed":false})");
    EXPECT_EQ(read("user:a"), "miss");
    EXPECT_EQ(read("user:b"), "hit");
    EXPECT_TRUE(gateway_->metrics().print().contains("gateway_cache_purged_by_events_total 1"));
}

TEST_F(EventsAtTheGateway, ForgetsWhatTheRouteHasTagged) {
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(look("/tagged/a/x"), i == 0 ? "miss" : "hit");
        EXPECT_EQ(look("/tagged/b/x"), i == 0 ? "miss" : "hit");
    }
    EXPECT_EQ(post(shipment(updated("a")), service()).status, 200);
    EXPECT_EQ(look("/tagged/a/x"), "miss");
    EXPECT_EQ(look("/tagged/b/x"), "hit");
    EXPECT_EQ(look("/tagged/a/x"), "hit");
}

TEST_F(EventsAtTheGateway, ASegmentIsOneTagHoweverItIsSpelled) {
    EXPECT_EQ(look("/tagged/%61/x"), "miss");
    EXPECT_EQ(look("/tagged/a/x"), "hit");
    EXPECT_EQ(look("/tagged/b,user:a/x"), "miss");
    EXPECT_EQ(post(shipment(updated("a")), service()).status, 200);
    EXPECT_EQ(look("/tagged/a/x"), "miss");
    EXPECT_EQ(look("/tagged/b,user:a/x"), "hit");
}

TEST_F(EventsAtTheGateway, TakesAShipmentWholeWhateverItsEventsAre) {
    store("user:a");
    store("user:b");
    auto const reply =
        post(shipment(event("evt_1", "user.deleted.v1", "{}") + "," +
                      event("evt_2", "no.such.event.v9", "[1]") + "," +
                      event("evt_3", "user.updated.v1", R"({"user_id":7})") + "," +
                      event("evt_4", "user.updated.v1", "null") + "," + updated("b", "evt_5")),
             service());
    EXPECT_EQ(reply.body, R"({"taken":5,"failed":false})");
    EXPECT_EQ(read("user:a"), "hit");
    EXPECT_EQ(read("user:b"), "miss");
}

TEST_F(EventsAtTheGateway, AnEventThatComesTwiceDoesNoHarm) {
    store("user:a");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(post(shipment(updated("a")), service()).status, 200);
    EXPECT_EQ(read("user:a"), "miss");
    EXPECT_EQ(read("user:a"), "hit");
}

TEST_F(EventsAtTheGateway, FollowsTheConfigurationInForce) {
    store("user:a");
    write("user.updated.v1: [page]");
    gateway_->reload();
    EXPECT_EQ(read("user:a"), "hit");
    EXPECT_EQ(post(shipment(updated("x")), service()).status, 200);
    EXPECT_EQ(read("user:a"), "miss");
}

TEST_F(EventsAtTheGateway, IsForServicesOnly) {
    store("user:a");
    auto const body = shipment(updated("a"));
    auto const now = system_now();
    auth::IdentitySigner const stranger{Secret(std::string(32, 'x'))};
    auth::Caller const admin{
        .user_id = auth::UserId::trusted("user_1"), .session_id = {}, .roles = {auth::Role::admin}};
    auto const& signer = gateway_->kit().signer();
    for (auto const& identity :
         {std::string(), std::string("x"), stranger.sign(auth::Service{"user-service"}, now),
          signer.sign(admin, now), signer.sign_rejected(now),
          signer.sign(auth::Service{"user-service"}, {now.ms - 3'600'000})})
        EXPECT_EQ(post(body, identity).status, 404) << identity;
    EXPECT_EQ(gateway_->get("/internal/events").status, 405);
    EXPECT_EQ(read("user:a"), "hit");
}

TEST_F(EventsAtTheGateway, RefusesWhatIsNoShipment) {
    store("user:a");
    auto const good = updated("a");
    for (std::string const& body :
         {std::string("{"), std::string("[]"), std::string("{}"), shipment(""), shipment("null"),
          shipment(good + "," + event("", "user.updated.v1", "{}")),
          shipment(good + "," + event("evt_2", "", "{}")),
          R"({"attempt":0,"events":[)" + good + "]}", R"({"attempt":1,"events":)" + good + "}"}) {
        auto const status = post(body, service()).status;
        EXPECT_TRUE(status == 400 || status == 422) << body << " " << status;
    }
    EXPECT_EQ(read("user:a"), "hit");
}

}  // namespace
}  // namespace grover::gateway
