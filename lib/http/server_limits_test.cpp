#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/server.hpp"
#include "net/async.hpp"
#include "testing/raw_client.hpp"
#include "testing/server_fixture.hpp"

namespace grover::http {
namespace {

using testing::eventually;
using testing::RawClient;
using namespace std::chrono_literals;

class ServerLimitsTest : public testing::ServerFixture {};

net::Task<Response> hello(Request&) {
    co_return Response{.status = 200, .body = "hello"};
}

TEST_F(ServerLimitsTest, GivesUpASlowHead) {
    auto& server = serve(hello, {.header_time_max = 1ms});
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost:");
    EXPECT_EQ(client.read_reply().status, 408);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(server.counters().hit(ClientLimit::head_time), 1u);
}

TEST_F(ServerLimitsTest, GivesUpASlowBody) {
    auto& server = serve(hello, {.body_time_max = 1ms});
    for (auto const* body :
         {"Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"}) {
        RawClient client(server.port());
        client.send(std::string("POST / HTTP/1.1\r\nHost: x\r\n") + body);
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 408);
        EXPECT_NE(reply.body.find("request_timeout"), std::string::npos);
        EXPECT_TRUE(client.closed());
    }
    EXPECT_EQ(server.counters().hit(ClientLimit::body_time), 2u);
}

TEST_F(ServerLimitsTest, ClosesIdleConnectionsWithoutAWord) {
    auto& server = serve(hello, {.idle_time_max = 1ms});
    RawClient silent(server.port());
    EXPECT_EQ(silent.read_to_end(), "");
    // A slow machine may be idle for too long before it sends.
    EXPECT_TRUE(eventually([&] {
        RawClient client(server.port());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.read_reply().status == 200 && client.read_to_end().empty();
    }));
    EXPECT_EQ(server.counters().hit(ClientLimit::head_time), 0u);
}

TEST_F(ServerLimitsTest, ShortDeadlinesDoNotTouchAHandlerAtWork) {
    auto& server = serve(
        [](Request&) -> net::Task<Response> {
            co_await net::pause(250ms);  // longer than two sweeps
            co_return Response{.status = 200, .body = "late"};
        },
        {.header_time_max = 1ms, .body_time_max = 1ms, .idle_time_max = 1ms});
    EXPECT_TRUE(eventually([&] {
        RawClient client(server.port());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.read_reply().body == "late";
    }));
}

TEST_F(ServerLimitsTest, GivesUpAClientThatDoesNotRead) {
    auto& server = serve(
        [](Request&) -> net::Task<Response> {
            co_return Response{.status = 200, .body = std::string(64 << 20, 'x')};
        },
        {.write_time_max = 1ms});
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return server.counters().hit(ClientLimit::read_time) == 1; }));
    EXPECT_TRUE(eventually([&] { return server.counters().open == 0; }));
}

TEST_F(ServerLimitsTest, StaysWithAClientThatReadsSlowly) {
    constexpr std::size_t size = 50 * (24 << 13);
    auto& server = serve(
        [](Request&) -> net::Task<Response> {
            co_return Response{.status = 200, .body = std::string(size, 'x')};
        },
        {.write_time_max = 2s});
    RawClient client(server.port());
    client.limit_receive_buffer(64 << 10);
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(client.read(24 << 10).size(), std::size_t{24 << 10});
        std::this_thread::sleep_for(100ms);  // That is slow.
    }
    for (std::size_t got = 50 * (24 << 10); got < size; got += 24 << 10)
        ASSERT_EQ(client.read(24 << 10).size(), std::size_t{24 << 10}) << got;
    EXPECT_EQ(server.counters().hit(ClientLimit::read_time), 0u);
}

TEST_F(ServerLimitsTest, TurnsAwayWhatIsTooMuch) {
    auto& server = serve(hello, {.connections_max = 2});
    RawClient first(server.port());
    RawClient second(server.port());
    EXPECT_TRUE(eventually([&] { return server.counters().open == 2; }));
    RawClient third(server.port());
    auto const reply = third.read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.headers.get("Retry-After"), "1");
    EXPECT_EQ(reply.headers.get("Connection"), "close");
    EXPECT_EQ(server.counters().hit(ClientLimit::connections), 1u);
    first.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(first.read_reply().status, 200);
    third.finish_sending();
    EXPECT_TRUE(eventually([&] { return server.counters().open == 1; }));
    RawClient fourth(server.port());
    fourth.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(fourth.read_reply().status, 200);
}

TEST_F(ServerLimitsTest, TurnsAwayAnAddressWithTooManyConnections) {
    auto& server = serve(hello, {.connections_per_peer_max = 1});
    RawClient first(server.port());
    ASSERT_TRUE(eventually([&] { return server.counters().open == 1; }));
    RawClient second(server.port());
    EXPECT_EQ(second.read_reply().status, 503);
    EXPECT_EQ(server.counters().hit(ClientLimit::connections_per_address), 1u);
    EXPECT_EQ(server.counters().hit(ClientLimit::connections), 0u);
    second.finish_sending();
    first.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(first.read_reply().status, 200);
    ASSERT_TRUE(eventually([&] { return server.counters().open == 0; }));
    RawClient third(server.port());
    third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(third.read_reply().status, 200);
}

TEST_F(ServerLimitsTest, SurvivesClientsThatLeaveInTheMiddle) {
    auto& server = serve(hello);
    for (std::string_view const bytes :
         {"", "G", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
        RawClient client(server.port());
        client.send(bytes);
    }
    EXPECT_TRUE(eventually([&] {
        auto const now = server.counters();
        return now.accepted == 6 && now.open == 0;
    }));
}

TEST_F(ServerLimitsTest, DrainLetsRequestsFinishAndClosesTheRest) {
    std::atomic<bool> in_handler = false;
    std::atomic<bool> go_on = false;
    auto& server = serve([&](Request&) -> net::Task<Response> {
        in_handler = true;
        while (!go_on) co_await net::pause(1ms);
        co_return Response{.status = 200, .body = "done"};
    });
    RawClient idle(server.port());
    RawClient busy(server.port());
    busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return in_handler.load(); }));
    std::thread drain([&] { server.drain(10s); });
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(eventually([&] {
        try {
            RawClient const refused(server.port());
            return false;
        } catch (std::system_error const&) {
            return true;
        }
    }));
    go_on = true;
    auto const reply = busy.read_reply();
    EXPECT_EQ(reply.body, "done");
    EXPECT_EQ(reply.headers.get("Connection"), "close");
    busy.finish_sending();
    EXPECT_TRUE(busy.closed());
    drain.join();
    EXPECT_EQ(server.counters().open, 0u);
}

TEST_F(ServerLimitsTest, DrainEndsWhatTakesTooLong) {
    std::atomic<bool> go_on = false;
    std::atomic<bool> in_handler = false;
    auto& server = serve([&](Request&) -> net::Task<Response> {
        in_handler = true;
        while (!go_on) co_await net::pause(1ms);
        co_return Response{};
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return in_handler.load(); }));
    server.drain(1ms);
    EXPECT_TRUE(client.closed());
    go_on = true;
    server_.reset();  // waits for the handler
}

TEST_F(ServerLimitsTest, SuspendedHandlersGoWithTheirLoops) {
    std::atomic<bool> in_handler = false;
    auto& server = serve([&](Request&) -> net::Task<Response> {
        in_handler = true;
        co_await net::pause(1h);
        co_return Response{};
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return in_handler.load(); }));
    loops_.stop();
    server_.reset();  // does not wait for loops at rest; the frame goes with them
}

TEST_F(ServerLimitsTest, RefusesATakenAddress) {
    auto& server = serve(hello);
    Server second(loops_, {.port = server.port()}, hello);
    EXPECT_THROW(second.start(), std::runtime_error);
    Server third(loops_, {.host = "256.256.256.256"}, hello);
    EXPECT_THROW(third.start(), std::runtime_error);
}

}  // namespace
}  // namespace grover::http
