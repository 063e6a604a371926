#include "http/server.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "net/async.hpp"
#include "testing/raw_client.hpp"

namespace grover::http {
namespace {

using testing::RawClient;
using namespace std::chrono_literals;

net::Task<Response> echo(Request& request) {
    Response out;
    out.headers.add("Content-Type", "text/plain");
    out.body = request.method + " " + request.target + " " + request.body;
    co_return out;
}

class ServerTest : public ::testing::Test {
protected:
    Server& serve(Handler handler, ServerOptions options = {}) {
        server_ = std::make_unique<Server>(loops_, std::move(options), std::move(handler));
        server_->start();
        loops_.start();
        return *server_;
    }
    void TearDown() override { server_.reset(); }

    net::Loops loops_{2};
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
    auto& server = serve(echo);
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        client.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "GET /a?b=c ");
        EXPECT_EQ(reply.headers.get("X-Request-ID").size(), 32u);
        EXPECT_FALSE(reply.headers.get("Date").empty());
        EXPECT_FALSE(reply.headers.contains("Connection"));
    }
    EXPECT_EQ(server.counters().accepted, 1u);
}

TEST_F(ServerTest, ReadsBodies) {
    auto& server = serve(echo);
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(client.read_reply().body, "POST / hello");
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "POST / abcde");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    auto& server = serve(echo);
    RawClient client(server.port());
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    client.send(all);
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(client.read_reply().body, "GET /" + std::to_string(i) + " ");
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
    EXPECT_EQ(reply.headers.get("X-Request-ID"), "abc");
    EXPECT_EQ(
        reply.body,
        R"({"type":"/problems/not_found","title":"Not Found","status":404,)"
        R"("detail":"no such post","message":"no such post","code":"not_found","request_id":"abc"})");
}

}  // namespace
}  // namespace grover::http
