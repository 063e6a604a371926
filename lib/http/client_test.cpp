#include "http/client.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "http/server.hpp"
#include "testing/run_on.hpp"

namespace grover::http {
namespace {

using namespace std::chrono_literals;

net::Task<Response> echo(Request& request) {
    Response out;
    out.headers.add("X-Host", request.headers.get("Host"));
    out.body = request.method + " " + request.target + " " + request.body;
    co_return out;
}

class ClientTest : public ::testing::Test {
protected:
    ClientTest() { loops_.start(); }

    Server& serve(Handler handler, ServerOptions options = {}) {
        server_ = std::make_unique<Server>(loops_, std::move(options), std::move(handler));
        server_->start();
        origin_ = "http://127.0.0.1:" + std::to_string(server_->port());
        return *server_;
    }
    Response send(Outgoing request, std::chrono::milliseconds time = 5s) {
        auto const deadline = std::chrono::steady_clock::now() + time;
        return testing::run_on(loops_.at(0), [&]() -> net::Task<Response> {
            if (!client_) client_ = std::make_unique<Client>(loops_.at(0));
            return client_->send(std::move(request), deadline);
        });
    }
    ErrorCode failure(Outgoing request, std::chrono::milliseconds time = 5s) {
        try {
            send(std::move(request), time);
        } catch (Error const& error) {
            return error.code();
        }
        ADD_FAILURE() << "a reply came";
        return ErrorCode::internal;
    }

    net::Loops loops_{1};
    std::unique_ptr<Client> client_;
    std::unique_ptr<Server> server_;
    std::string origin_;
};

TEST_F(ClientTest, KeepsItsConnection) {
    auto& server = serve(echo);
    for (int i = 0; i < 3; ++i) {
        auto const reply =
            send({.origin = origin_, .method = "POST", .target = "/a?b", .body = "c"});
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "POST /a?b c");
        EXPECT_EQ("http://" + std::string(reply.headers.get("X-Host")), origin_);
    }
    EXPECT_EQ(server.counters().accepted, 1u);
}

TEST_F(ClientTest, SaysWhatFailed) {
    EXPECT_EQ(failure({.origin = "http://127.0.0.1:1"}), ErrorCode::unavailable);
    EXPECT_EQ(failure({.origin = "unix:/nowhere/x.sock"}), ErrorCode::unavailable);
}

}  // namespace
}  // namespace grover::http
