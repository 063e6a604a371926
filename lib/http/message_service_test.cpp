#include "http/message_service.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "base/error.hpp"
#include "testing/raw_client.hpp"
#include "testing/server_fixture.hpp"

namespace grover::http {
namespace {

using testing::RawClient;

// Answers that are written piece by piece.
class WriterTest : public testing::ServerFixture {
protected:
    ~WriterTest() override { server_.reset(); }  // which tells what is here

    http::Server& serve_written(BodyWriter writer) {
        return serve(
            [writer](Request&) -> net::Task<Response> {
                auto out = Response::json(200, {});
                out.writer = writer;
                co_return out;
            },
            {.on_failure =
                 [this](std::string_view, std::string_view what) {
                     std::lock_guard const lock(mutex_);
                     failures_.emplace_back(what);
                 }},
            [this](AccessRecord const& record) {
                std::lock_guard const lock(mutex_);
                statuses_.push_back(record.status);
            });
    }
    std::vector<std::string> failures() {
        std::lock_guard const lock(mutex_);
        return failures_;
    }
    std::vector<int> statuses() {
        std::lock_guard const lock(mutex_);
        return statuses_;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> failures_;
    std::vector<int> statuses_;
};

BodyWriter numbers(int count, std::function<void(int)> before = [](int) {}) {
    return [=](BodySink const& sink) -> net::Task<> {
        for (int i = 0; i < count; ++i) {
            before(i);
            co_await sink(std::string(10'000, static_cast<char>('a' + i % 26)));
        }
    };
}

std::string text_of(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += std::string(10'000, static_cast<char>('a' + i % 26));
    return out;
}

TEST_F(WriterTest, TheClientGetsAllPiecesAndTheConnectionGoesOn) {
    auto& server = serve_written(numbers(1000));
    RawClient client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.headers.get("Transfer-Encoding"), "chunked");
        EXPECT_EQ(reply.headers.get("Content-Type"), "application/json");
        EXPECT_TRUE(reply.body == text_of(1000));
    }
    EXPECT_EQ(server.counters().accepted, 1u);
}

TEST_F(WriterTest, ABodyOfNoPieceIsEmpty) {
    auto& server = serve_written(numbers(0));
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "");
    }
}

TEST_F(WriterTest, HeadHasNoBody) {
    auto& server = serve_written(numbers(3));
    RawClient client(server.port());
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.read_reply(true).status, 200);
    EXPECT_EQ(client.read_reply().body, text_of(3));
}

TEST_F(WriterTest, AnOldClientReadsToTheEnd) {
    auto& server = serve_written(numbers(3));
    RawClient client(server.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(client.read_to_end().ends_with("\r\n\r\n" + text_of(3)));
}

TEST_F(WriterTest, AFailureBeforeTheFirstPieceIsAnswered) {
    auto& server =
        serve_written(numbers(3, [](int) { throw Error(ErrorCode::unavailable, "not now"); }));
    RawClient client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
    }
    EXPECT_EQ(statuses(), (std::vector{503, 503}));
}

TEST_F(WriterTest, AFailureInTheMiddleBreaksTheAnswerOffAndIsLogged) {
    auto& server = serve_written(numbers(3, [](int i) {
        if (i == 2) throw Error(ErrorCode::unavailable, "not any more");
    }));
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const all = client.read_to_end();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_NE(all.find("bbbb\r\n"), std::string::npos);
    EXPECT_FALSE(all.ends_with("0\r\n\r\n"));
    EXPECT_TRUE(testing::eventually([&] { return failures().size() == 1; }));
    EXPECT_EQ(failures(), std::vector<std::string>{"not any more"});
    EXPECT_EQ(statuses(), std::vector{200});
}

TEST_F(WriterTest, AClientThatLeavesEndsTheWriter) {
    std::atomic<int> written{0};
    auto& server = serve_written(numbers(1'000'000, [&](int i) { written.store(i); }));
    {
        RawClient client(server.port());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_NE(client.receive_once(), "");
    }
    EXPECT_TRUE(testing::eventually([&] { return statuses().size() == 1; }));
    EXPECT_LT(written.load(), 999'999);
    EXPECT_TRUE(failures().empty());
}

}  // namespace
}  // namespace grover::http
