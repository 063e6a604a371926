#include "http/exchange.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "base/error.hpp"
#include "http/server.hpp"
#include "net/async.hpp"
#include "net/signal.hpp"
#include "testing/raw_client.hpp"
#include "testing/server_fixture.hpp"

namespace grover::http {
namespace {

using testing::eventually;
using testing::RawClient;
using namespace std::chrono_literals;

class ExchangeTest : public testing::ServerFixture {};

/// Sends every piece of the body back as it comes.
net::Task<> echo(Exchange& exchange) {
    exchange.begin(200);
    exchange.stream(Exchange::Transfer::chunked);
    while (!exchange.body_complete()) co_await exchange.write(co_await exchange.read_content());
    co_await exchange.end();
}

TEST_F(ExchangeTest, StreamsBothWays) {
    auto& server = serve(echo, {.body_bytes_max = 16 << 20});
    RawClient client(server.port());
    std::string body(4 << 20, 'x');
    std::thread sender([&] {
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n" + body);
    });
    EXPECT_EQ(client.read_reply().body, body);
    sender.join();
}

TEST_F(ExchangeTest, SendsEachPieceAtOnce) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    EXPECT_NE(client.receive_once().find("\r\n\r\n3\r\nabc\r\n"), std::string::npos);
    client.send("def");
    EXPECT_EQ(client.read(8), "3\r\ndef\r\n");
    EXPECT_EQ(client.read(5), "0\r\n\r\n");
}

TEST_F(ExchangeTest, AnswersWhileTheBodyComesAndReadsNoMoreOfIt) {
    std::atomic<bool> stopped{false};
    auto& server = serve([&](Exchange& exchange) -> net::Task<> {
        net::Signal ended(exchange.loop());
        bool reading = true;
        net::asio::co_spawn(
            exchange.loop().executor(),
            [&]() -> net::Task<> {
                try {
                    for (;;) co_await exchange.read_raw();
                } catch (Disconnected const&) {
                    stopped = true;
                }
                reading = false;
                ended.notify();
            },
            net::asio::detached);
        exchange.begin(200);
        co_await exchange.finish("enough");
        exchange.stop_reading();
        while (reading) co_await ended.wait();
        EXPECT_THROW(co_await exchange.read_raw(), Disconnected);
    });
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.body, "enough");
    EXPECT_EQ(reply.headers.get("Connection"), "close");
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_TRUE(stopped);
}

TEST_F(ExchangeTest, StreamsToTheEndOfAnOldConnection) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc");
    auto const all = client.read_to_end();
    EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(all.ends_with("\r\n\r\nabc"));
}

TEST_F(ExchangeTest, RelaysBodiesAsTheyAreFramed) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        std::string raw;
        while (!exchange.body_complete()) raw += co_await exchange.read_raw();
        exchange.begin(200);
        exchange.field("Transfer-Encoding", "chunked");
        exchange.stream(Exchange::Transfer::relayed);
        co_await exchange.write(std::string_view(raw).substr(0, 4));
        co_await exchange.end(std::string_view(raw).substr(4));
    });
    RawClient client(server.port());
    std::string const chunks = "3;ext=1\r\nabc\r\n0\r\nTrailer-A: b\r\n\r\n";
    for (int i = 0; i < 2; ++i) {
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        auto const head = client.read_reply(true);
        EXPECT_EQ(head.headers.get("Transfer-Encoding"), "chunked");
        EXPECT_EQ(client.read(chunks.size()), chunks);
    }
}

constexpr std::string_view handshake =
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// Everything back as it comes, to the end; "no" refuses.
net::Task<> tunnel(Exchange& exchange) {
    if (!exchange.head().wants_websocket || exchange.head().target == "/no") {
        exchange.begin(404);
        co_return co_await exchange.finish("no");
    }
    exchange.begin(101);
    exchange.field("Upgrade", "websocket");
    auto const client = co_await exchange.open_tunnel();
    for (;;) {
        auto const bytes = co_await client->read();
        if (bytes.empty()) break;
        if (!co_await client->write(bytes)) co_return;
    }
    client->finish();
}

TEST_F(ExchangeTest, BecomesATunnel) {
    RawClient client(serve(tunnel).port());
    client.send(std::string(handshake) + "early");
    auto const head = client.read_reply(true);
    EXPECT_EQ(head.status, 101);
    EXPECT_EQ(head.headers.get("Connection"), "Upgrade");
    EXPECT_EQ(head.headers.get("Upgrade"), "websocket");
    EXPECT_EQ(client.read(5), "early");
    client.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.read(18), "GET / HTTP/1.1\r\n\r\n");
    client.finish_sending();
    EXPECT_TRUE(client.closed());
}

TEST_F(ExchangeTest, WhatComesBehindARefusedHandshakeIsNoRequest) {
    RawClient client(serve(tunnel).port());
    auto text = std::string(handshake);
    text.insert(5, "no");
    client.send(text + "GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.headers.get("Connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(ExchangeTest, ATunnelEndsWithItsServer) {
    auto& server = serve(tunnel);
    RawClient client(server.port());
    client.send(handshake);
    EXPECT_EQ(client.read_reply(true).status, 101);
    server.drain(20ms);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(server.counters().open, 0u);
}

TEST_F(ExchangeTest, AnAnswerThatNamesAProtocolSaysSo) {
    RawClient client(serve([](Exchange& exchange) -> net::Task<> {
                         exchange.begin(426);
                         exchange.field("Upgrade", "websocket");
                         co_await exchange.finish("");
                     }).port());
    client.send(handshake);
    EXPECT_EQ(client.read_reply().headers.get("Connection"), "Upgrade, close");
}

TEST_F(ExchangeTest, CollectsWhatFitsWithPipelinedAnswers) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        exchange.field("Content-Length", "2");
        exchange.stream(Exchange::Transfer::relayed);
        co_await exchange.end("ok");
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const both = client.receive_once();
    EXPECT_NE(both.find("ok", both.find("ok") + 1), std::string::npos);
}

TEST_F(ExchangeTest, HeadHasNoBodyHoweverItIsAnswered) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        if (exchange.head().target == "/relay") {
            exchange.field("Content-Length", "5");
            exchange.stream(Exchange::Transfer::relayed);
        } else {
            exchange.stream(Exchange::Transfer::chunked);
        }
        co_await exchange.write("hello");
        co_await exchange.end("more");
    });
    RawClient client(server.port());
    for (auto const* target : {"/relay", "/stream", "/relay"}) {
        client.send(std::string("HEAD ") + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(client.read_reply(true).status, 200);
    }
}

TEST_F(ExchangeTest, AnEarlyAnswerEndsTheConnection) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        exchange.begin(401);
        co_await exchange.finish("no");
    });
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.headers.get("Connection"), "close");
    // A body that came with its head costs nothing to skip.
    RawClient other(server.port());
    for (int i = 0; i < 2; ++i) {
        other.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        EXPECT_FALSE(other.read_reply().headers.contains("Connection"));
    }
}

TEST_F(ExchangeTest, AFailureBeforeTheFirstByteIsAnswered) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        exchange.field("X-Half", "yes");
        if (exchange.head().target == "/silent") co_return;
        if (exchange.head().target == "/field") exchange.field("A", "b\r\nc: d");
        throw Error(ErrorCode::bad_gateway, "a service gave no valid answer");
    });
    RawClient client(server.port());
    for (auto const& [target, status] :
         {std::pair("/error", 502), std::pair("/silent", 500), std::pair("/field", 500)}) {
        client.send(std::string("GET ") + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, status);
        EXPECT_FALSE(reply.headers.contains("X-Half"));
        EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
    }
}

TEST_F(ExchangeTest, AFailureLaterCutsTheConnection) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        exchange.stream(Exchange::Transfer::chunked);
        co_await exchange.write("abc");
        throw std::runtime_error("lost");
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const all = client.read_to_end();
    EXPECT_TRUE(all.ends_with("3\r\nabc\r\n"));
}

TEST_F(ExchangeTest, LimitsBodiesAsItIsTold) {
    auto& server = serve([](Exchange& exchange) -> net::Task<> {
        exchange.limit_body(5);
        std::string raw;
        while (!exchange.body_complete()) raw += co_await exchange.read_raw();
        exchange.begin(200);
        co_await exchange.finish(raw);
    });
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde");
    EXPECT_EQ(client.read_reply().body, "abcde");
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabcdef");
    EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(ExchangeTest, NoticesAClientThatLeaves) {
    std::atomic<bool> noticed = false;
    auto& server = serve([&](Exchange& exchange) -> net::Task<> {
        try {
            co_await exchange.read_all();
        } catch (Disconnected const&) {
            noticed = true;
            throw;
        }
    });
    {
        RawClient(server.port()).send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    }
    EXPECT_TRUE(eventually([&] { return noticed && server.counters().open == 0; }));
}

}  // namespace
}  // namespace grover::http
