// One file, because all of it stands on one server and one raw client.
#include "http/server.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "net/async.hpp"
#include "testing/raw_client.hpp"
#include "testing/server_fixture.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::http {
namespace {

using testing::RawClient;
using namespace std::chrono_literals;
using namespace std::string_literals;

class ServerTest : public testing::ServerFixture {};

net::Task<Response> echo(Request& request) {
    Response out;
    out.body = request.method + " " + request.target + " " + request.body;
    co_return out;
}

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
    auto& server = serve(echo);
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        client.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "GET /a?b=c ");
        EXPECT_EQ(reply.headers.get("X-Request-ID").size(), 32u);
        EXPECT_EQ(reply.headers.count("Date"), 1u);
        EXPECT_FALSE(reply.headers.contains("Connection"));
    }
    EXPECT_EQ(server.counters().accepted, 1u);
    EXPECT_EQ(server.counters().requests, 3u);
}

TEST_F(ServerTest, ReadsBodies) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(client.read_reply().body, "POST / hello");
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "POST / abcde");
    std::string const large(1 << 20, 'x');
    client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + large);
    EXPECT_EQ(client.read_reply().body, "PUT / " + large);
}

TEST_F(ServerTest, ReadsRequestsByteByByte) {
    auto& server = serve(echo);
    RawClient client(server.port());
    for (char const c :
         "POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         "a\r\n0123456789\r\n0\r\n\r\n"
         "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"s)
        client.send({&c, 1});
    EXPECT_EQ(client.read_reply().body, "POST /slow 0123456789");
    EXPECT_EQ(client.read_reply().body, "GET /next ");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    auto& server = serve(echo);
    RawClient client(server.port());
    std::string all;
    for (int i = 0; i < 2000; ++i) {
        auto const number = std::to_string(i);
        all += "POST /" + number + " HTTP/1.1\r\nHost: x\r\n";
        all += i % 2 ? "Content-Length: 3\r\n\r\nabc"
                     : "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    }
    std::thread sender([&] { client.send(all); });
    for (int i = 0; i < 2000; ++i)
        EXPECT_EQ(client.read_reply().body, "POST /" + std::to_string(i) + " abc");
    sender.join();
}

TEST_F(ServerTest, SendsPipelinedAnswersTogether) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send(
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /");
    auto const first = client.receive_once();
    for (auto const* body : {"GET /1 ", "GET /2 ", "GET /3 "})
        EXPECT_NE(first.find(body), std::string::npos) << body;
}

TEST_F(ServerTest, IgnoresOneEmptyLineBeforeARequest) {
    auto& server = serve(echo);
    RawClient client(server.port());
    for (char const c : "\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\n"s) client.send({&c, 1});
    EXPECT_EQ(client.read_reply().body, "GET /1 ");
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const reply = client.read_reply(true);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.headers.get("Content-Length"), "10");
    EXPECT_EQ(client.read_reply().body, "GET /next ");
}

TEST_F(ServerTest, LeavesOutTheBodyWhereAStatusHasNone) {
    auto& server = serve([](Request& request) -> net::Task<Response> {
        co_return Response{.status = std::stoi(request.path.substr(1)), .body = "x"};
    });
    RawClient client(server.port());
    for (auto const* status : {"204", "304"}) {
        client.send("GET /"s + status + " HTTP/1.1\r\nHost: x\r\n\r\n");
        auto const reply = client.read_reply(true);
        EXPECT_EQ(reply.status, std::stoi(status));
        EXPECT_FALSE(reply.headers.contains("Content-Length"));
    }
    client.send("GET /200 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "x");
}

TEST_F(ServerTest, ClosesWhenTheClientSaysSo) {
    auto& server = serve(echo);
    for (auto const* bytes :
         {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
        RawClient client(server.port());
        client.send(bytes);
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.headers.get("Connection"), "close");
        EXPECT_TRUE(client.closed());
    }
    RawClient client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(client.read_reply().headers.get("Connection"), "keep-alive");
    }
}

TEST_F(ServerTest, AnswersAClientThatEndsItsSide) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    client.finish_sending();
    EXPECT_EQ(client.read_reply().body, "GET /1 ");
    EXPECT_EQ(client.read_reply().body, "GET /2 ");
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, AsksForABodyThatWaits) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read(25), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(client.read_reply().body, "POST / hello");
    // A body that is there already was not waited with.
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.headers.contains("Connection"));
}

TEST_F(ServerTest, RefusesALargeBodyBeforeItIsSent) {
    auto& server = serve(echo, {.body_bytes_max = 10});
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.status, 413);
    EXPECT_EQ(reply.headers.get("Connection"), "close");
}

TEST_F(ServerTest, TellsWhoSendsTooMuch) {
    auto& server = serve(echo, {.body_bytes_max = 1000});
    std::string const large(4 << 20, 'x');
    for (auto const& head :
         {"Content-Length: 4194304\r\n\r\n"s, "Transfer-Encoding: chunked\r\n\r\n400000\r\n"s}) {
        RawClient client(server.port());
        std::thread sender([&] { client.send("POST / HTTP/1.1\r\nHost: x\r\n" + head + large); });
        auto const reply = client.read_reply();
        sender.join();
        EXPECT_EQ(reply.status, 413);
        EXPECT_NE(reply.body.find("content_too_large"), std::string::npos);
    }
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" +
                std::string(1000, 'x'));
    EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(ServerTest, HandsOverWhoAsks) {
    auto& server = serve([](Request& request) -> net::Task<Response> {
        auto const left = std::chrono::duration_cast<std::chrono::seconds>(
            request.deadline - std::chrono::steady_clock::now());
        co_return Response{.status = 200,
                           .body = request.request_id + " " + request.trace_id + " " +
                                   request.peer_address + (left > 20s ? " long" : " short")};
    });
    RawClient client(server.port());
    client.send(
        "GET / HTTP/1.1\r\nHost: x\r\nX-Request-ID: r-1\r\nX-Forwarded-For: 1.2.3.4\r\n"
        "X-Request-Deadline-Ms: 100\r\n"
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.body, "r-1 4bf92f3577b34da6a3ce929d0e0e4736 127.0.0.1 long");
    EXPECT_EQ(reply.headers.get("X-Request-ID"), "r-1");
}

TEST_F(ServerTest, BelievesItsGateway) {
    auto& server = serve(
        [](Request& request) -> net::Task<Response> {
            auto const left = request.deadline - std::chrono::steady_clock::now();
            co_return Response{.status = 200,
                               .body = request.peer_address + (left < 10s ? " short" : " long")};
        },
        {.behind_gateway = true});
    RawClient client(server.port());
    client.send(
        "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n"
        "X-Request-Deadline-Ms: 2000\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "1.2.3.4 short");
    client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Deadline-Ms: 99999999\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "127.0.0.1 long");
    client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-Deadline-Ms: -1\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "127.0.0.1 long");
}

TEST_F(ServerTest, MakesProblemsOfErrors) {
    auto& server = serve([](Request&) -> net::Task<Response> {
        throw Error(ErrorCode::not_found, "no such post");
        co_return Response{};
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\n\r\n");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
    EXPECT_FALSE(reply.headers.contains("Connection"));
    EXPECT_EQ(reply.body, R"({"type":"/problems/not_found","title":"Not Found","status":404,)"
                          R"("detail":"no such post","message":"no such post","code":"not_found",)"
                          R"("request_id":"abc"})");
}

TEST_F(ServerTest, KeepsUnexpectedFailuresToTheLog) {
    std::vector<std::string> told;
    auto& server = serve(
        [](Request& request) -> net::Task<Response> {
            if (request.path == "/int") throw 7;
            if (request.path == "/field") {
                Response out;
                out.headers.add("Location", "/a\r\nSet-Cookie: b=c");
                co_return out;
            }
            if (request.path == "/status") co_return Response{.status = 99};
            throw std::runtime_error("password=secret");
        },
        {.on_failure = [&](std::string_view id, std::string_view what) {
            told.push_back(std::string(id) + " " + std::string(what));
        }});
    RawClient client(server.port());
    for (auto const* path : {"/", "/int", "/field", "/status"}) {
        client.send("GET "s + path + " HTTP/1.1\r\nHost: x\r\nX-Request-ID: r\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 500);
        EXPECT_EQ(reply.headers.count("Set-Cookie"), 0u);
        EXPECT_NE(reply.body.find("\"code\":\"internal_error\""), std::string::npos);
        EXPECT_EQ(reply.body.find("secret"), std::string::npos);
    }
    ASSERT_EQ(told.size(), 4u);
    EXPECT_EQ(told[0], "r password=secret");
    EXPECT_EQ(told[2], "r a header field has a control character: Location");
}

TEST_F(ServerTest, WritesItsOwnFieldsItself) {
    auto& server = serve([](Request&) -> net::Task<Response> {
        Response out;
        for (auto const* name :
             {"Content-Length", "Transfer-Encoding", "Connection", "Date", "X-Request-ID"})
            out.headers.add(name, "7");
        out.headers.add("X-Other", "7");
        out.body = "abc";
        co_return out;
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const reply = client.read_reply();
    EXPECT_EQ(reply.body, "abc");
    EXPECT_EQ(reply.headers.get("X-Other"), "7");
    EXPECT_FALSE(reply.headers.contains("Transfer-Encoding"));
    EXPECT_FALSE(reply.headers.contains("Connection"));
    EXPECT_EQ(reply.headers.count("Date"), 1u);
    EXPECT_NE(reply.headers.get("X-Request-ID"), "7");
}

/// "GET 200 7".
std::string line_of(AccessRecord const& record) {
    return fmt::format("{} {} {}", record.request.method, record.status, record.response_bytes);
}

TEST_F(ServerTest, TellsTheObserverOfEveryAnswer) {
    std::mutex mutex;
    std::vector<std::string> told;
    AccessObserver const observer = [&](AccessRecord const& record) {
        std::lock_guard const lock(mutex);
        told.push_back(line_of(record));
    };
    auto& server = serve(echo, {}, observer);
    RawClient client(server.port());
    client.send(
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\nbroken\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(client.read_reply(true).status, 200);
    EXPECT_EQ(client.read_reply().status, 400);
    std::lock_guard const lock(mutex);
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0], "GET 200 7");
    EXPECT_EQ(told[1], "HEAD 200 0");
    EXPECT_TRUE(told[2].starts_with(" 400 "));
}

TEST_F(ServerTest, SendsLargeAnswersWhole) {
    auto& server = serve([](Request& request) -> net::Task<Response> {
        co_return Response{.status = 200,
                           .body = std::string(std::stoul(request.path.substr(1)), 'x')};
    });
    RawClient client(server.port());
    for (std::size_t const size : {0u, 1u, 16383u, 16384u, 16385u, 70000u, 8u << 20}) {
        client.send("GET /" + std::to_string(size) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(client.read_reply().body.size(), size);
    }
}

TEST_F(ServerTest, RunsHandlersThatWait) {
    auto& server = serve([this](Request& request) -> net::Task<Response> {
        co_await net::run_blocking(loops_.blocking(), [] { return 7; });
        co_return Response{.status = 200, .body = request.path};
    });
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(clients[static_cast<std::size_t>(i)]->read_reply().body, "/" + std::to_string(i));
}

TEST_F(ServerTest, RefusesWhatIsNoRequestAndCloses) {
    auto& server = serve(echo);
    struct Case {
        std::string bytes;
        int status;
    };
    for (auto const& [bytes, status] : {
             Case{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  400},
             Case{"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
             Case{"GET / HTTP/1.1\nHost: x\n\n", 400},
             Case{"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
             Case{"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
             Case{"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(40000, 'a') + "\r\n\r\n", 431},
             Case{"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501},
             Case{"\x16\x03\x01\x02", 400},
         }) {
        RawClient client(server.port());
        client.send(bytes);
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, status) << bytes;
        EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
        EXPECT_EQ(reply.headers.get("Connection"), "close");
        EXPECT_EQ(reply.headers.get("X-Request-ID").size(), 32u);
        // What was sent behind it is never read as a request.
        client.send("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
        client.finish_sending();
        EXPECT_TRUE(client.closed()) << bytes;
    }
    EXPECT_EQ(server.counters().malformed, 6u);
    EXPECT_EQ(server.counters().hit(ClientLimit::uri_bytes), 1u);
    EXPECT_EQ(server.counters().hit(ClientLimit::head_bytes), 1u);
    EXPECT_EQ(server.counters().requests, 0u);
}

TEST_F(ServerTest, TellsOfAnswersThatNobodyHasToldOf) {
    std::mutex mutex;
    std::vector<std::string> seen;
    AccessObserver const observer = [&](AccessRecord const& record) {
        std::lock_guard const lock(mutex);
        seen.push_back(
            fmt::format("{} {} {}", record.request.method, record.status, record.response_bytes));
    };
    auto const handler = [](Exchange& exchange) -> net::Task<> {
        if (exchange.head().target == "/told") exchange.set_observed();
        exchange.begin(204);
        co_await exchange.finish({});
    };
    auto& server = serve(StreamHandler(handler), {}, observer);
    RawClient client(server.port());
    for (auto const* target : {"/", "/told"}) {
        client.send("OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(client.read_reply().status, 204);
    }
    server_.reset();
    EXPECT_EQ(seen, std::vector<std::string>{"OPTIONS 204 0"});
}

TEST_F(ServerTest, CountsBrokenChunks) {
    auto& server = serve(echo);
    for (auto const* broken : {"x\r\n", "2\r\nabc", "2;a=\x01\r\nab\r\n", "-1\r\n"}) {
        RawClient client(server.port());
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    std::string(broken));
        EXPECT_EQ(client.read_reply().status, 400) << broken;
    }
    EXPECT_EQ(server.counters().malformed, 4u);
}

TEST_F(ServerTest, ClosesAfterBrokenChunks) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n"
        "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 400);
    client.finish_sending();
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, ServesAUnixSocket) {
    testing::TemporaryFolder const folder;
    auto const path = folder.path() / "server.sock";
    auto& server = serve(
        [](Request& request) -> net::Task<Response> {
            co_return Response{.status = 200, .body = request.peer_address};
        },
        {.host = "", .unix_path = path});
    EXPECT_EQ(server.port(), 0u);
    for (int i = 0; i < 4; ++i) {
        RawClient client(path.string());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(client.read_reply().body, "unix");
    }
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace grover::http
