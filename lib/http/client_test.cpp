#include "http/client.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.hpp"
#include "http/server.hpp"
#include "net/async.hpp"
#include "testing/run_on.hpp"
#include "testing/script_server.hpp"
#include "testing/server_fixture.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::http {
namespace {

using namespace std::chrono_literals;
using testing::ScriptServer;

net::Task<Response> echo(Request& request) {
    Response out;
    out.headers.add("X-Host", request.headers.get("Host"));
    out.body = request.method + " " + request.target + " " + request.body;
    co_return out;
}

class ClientTest : public testing::ServerFixture {
protected:
    ~ClientTest() override {
        loops_.stop();
        client_.reset();
    }

    std::string origin() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

    Response send(Outgoing request, std::chrono::milliseconds time = 5s) {
        auto const deadline = std::chrono::steady_clock::now() + time;
        return testing::run_on(loops_.at(0), [&]() -> net::Task<Response> {
            if (!client_) client_ = std::make_unique<Client>(loops_.at(0));
            co_return co_await client_->send(std::move(request), deadline);
        });
    }
    ErrorCode failure(Outgoing request, std::chrono::milliseconds time = 5s) {
        try {
            send(std::move(request), time);
        } catch (Error const& error) {
            EXPECT_EQ(error.detail().find("127.0.0.1"), std::string::npos);
            return error.code();
        }
        ADD_FAILURE() << "a reply came";
        return ErrorCode::internal;
    }

    std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, KeepsItsConnection) {
    auto& server = serve(echo);
    for (int i = 0; i < 3; ++i) {
        auto const reply =
            send({.origin = origin(), .method = "POST", .target = "/a?b", .body = "c"});
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "POST /a?b c");
        EXPECT_EQ("http://" + std::string(reply.headers.get("X-Host")), origin());
    }
    EXPECT_EQ(server.counters().accepted, 1u);
}

TEST_F(ClientTest, SendsManyAtOnce) {
    auto& server = serve(echo);
    testing::run_on(loops_.at(0), [&]() -> net::Task<> {
        Client client(loops_.at(0));
        auto const deadline = std::chrono::steady_clock::now() + 5s;
        std::vector<net::Task<Response>> all;
        for (int i = 0; i < 20; ++i)
            all.push_back(
                client.send({.origin = origin(), .target = "/" + std::to_string(i)}, deadline));
        auto const replies = co_await net::gather(std::move(all));
        for (std::size_t i = 0; i < replies.size(); ++i)
            EXPECT_EQ(replies[i].body, "GET /" + std::to_string(i) + " ");
    });
    EXPECT_LE(server.counters().accepted, 20u);
}

TEST_F(ClientTest, SpeaksOverAUnixSocket) {
    testing::TemporaryFolder const folder;
    auto const path = folder.path() / "s.sock";
    auto& server = serve(echo, {.host = "", .unix_path = path});
    for (int i = 0; i < 2; ++i) {
        auto const reply = send({.origin = "unix:" + path.string(), .target = "/x"});
        EXPECT_EQ(reply.body, "GET /x ");
        EXPECT_EQ(reply.headers.get("X-Host"), "localhost");
    }
    EXPECT_EQ(server.counters().accepted, 1u);
}

TEST_F(ClientTest, ResolvesNames) {
    serve(echo);
    auto const port = std::to_string(server_->port());
    EXPECT_EQ(send({.origin = "http://localhost:" + port}).status, 200);
    EXPECT_EQ(failure({.origin = "http://" + std::string(64, 'a') + ":" + port}),
              ErrorCode::unavailable);
}

TEST_F(ClientTest, ReadsRepliesOfEveryFraming) {
    for (auto const* reply : {
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
             "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\n\r\nhello",
             "HTTP/1.0 200 OK\r\n\r\nhello",
             "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
         }) {
        ScriptServer server({reply});
        auto const got = send({.origin = server.origin()});
        EXPECT_EQ(got.status, 200);
        EXPECT_EQ(got.body, "hello") << reply;
    }
    ScriptServer server({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"});
    EXPECT_EQ(send({.origin = server.origin(), .method = "HEAD"}).body, "");
}

TEST_F(ClientTest, SaysWhatFailed) {
    EXPECT_EQ(failure({.origin = "http://127.0.0.1:1"}), ErrorCode::unavailable);
    EXPECT_EQ(failure({.origin = "unix:/nowhere/x.sock"}), ErrorCode::unavailable);
    EXPECT_EQ(failure({.origin = "http://127.0.0.1:1"}, -1s), ErrorCode::gateway_timeout);
    for (auto const* reply : {
             "",
             "HTTP/1.1 200 OK\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
             "garbage\r\n\r\n",
         }) {
        ScriptServer server({reply});
        EXPECT_EQ(failure({.origin = server.origin()}), ErrorCode::bad_gateway) << reply;
    }
    std::string interim;
    for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
    ScriptServer endless({interim});
    EXPECT_EQ(failure({.origin = endless.origin()}), ErrorCode::bad_gateway);
    ScriptServer large({"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world"});
    EXPECT_EQ(failure({.origin = large.origin(), .body_bytes_max = 10}), ErrorCode::bad_gateway);
}

TEST_F(ClientTest, GivesUpAtTheDeadline) {
    ScriptServer silent({ScriptServer::hang});
    EXPECT_EQ(failure({.origin = silent.origin()}, 1ms), ErrorCode::gateway_timeout);
    ScriptServer half(
        {std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe") + ScriptServer::hang});
    EXPECT_EQ(failure({.origin = half.origin()}, 1ms), ErrorCode::gateway_timeout);
}

TEST_F(ClientTest, RepeatsWhatIsSafeOnAStaleConnection) {
    std::string const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    // The second request on the first connection is read and not answered.
    ScriptServer server({good + ScriptServer::next_request, good + ScriptServer::next_request,
                         good + ScriptServer::next_request, good});
    EXPECT_EQ(send({.origin = server.origin()}).body, "ok");
    EXPECT_EQ(send({.origin = server.origin()}).body, "ok");
    EXPECT_EQ(server.connections(), 2u);
    Outgoing post{.origin = server.origin(), .method = "POST"};
    post.headers.add("Idempotency-Key", "k");
    EXPECT_EQ(send(post).body, "ok");
    EXPECT_EQ(server.connections(), 3u);
    EXPECT_EQ(failure({.origin = server.origin(), .method = "POST"}), ErrorCode::bad_gateway);
    EXPECT_EQ(server.connections(), 3u);
}

TEST_F(ClientTest, LeavesAConnectionThatIsOutOfStep) {
    std::string const good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    ScriptServer server({good + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", good, good});
    EXPECT_EQ(send({.origin = server.origin()}).body, "ok");
    EXPECT_EQ(send({.origin = server.origin()}).body, "ok");
    EXPECT_EQ(server.connections(), 2u);
}

TEST_F(ClientTest, SendsNothingThatWouldBeTwoRequests) {
    serve(echo);
    EXPECT_THROW(send({.origin = origin(), .target = "/ HTTP/1.1\r\nX: y"}), std::invalid_argument);
    EXPECT_THROW(send({.origin = origin(), .method = "GET /"}), std::invalid_argument);
    EXPECT_THROW(send({.origin = origin(), .target = ""}), std::invalid_argument);
    EXPECT_THROW(send({.origin = "ftp://x"}), std::invalid_argument);
    Outgoing request{.origin = origin()};
    request.headers.add("A", "b\r\nC: d");
    EXPECT_THROW(send(request), std::invalid_argument);
}

TEST_F(ClientTest, MayGoWhileARequestIsUnderWay) {
    ScriptServer silent({ScriptServer::hang});
    testing::run_on(loops_.at(0), [&]() -> net::Task<> {
        auto client = std::make_unique<Client>(loops_.at(0));
        auto task =
            client->send({.origin = silent.origin()}, std::chrono::steady_clock::now() + 1ms);
        client.reset();
        EXPECT_THROW(co_await std::move(task), Error);
    });
}

}  // namespace
}  // namespace grover::http
