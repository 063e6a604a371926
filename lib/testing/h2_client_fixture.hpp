// What tests of the HTTP/2 client begin with: a client on a loop, and the test as its service.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "http/h2/client_connections.hpp"
#include "net/async.hpp"
#include "testing/h2_peer.hpp"
#include "testing/run_on.hpp"
#include "testing/server_fixture.hpp"

namespace grover::testing {

/// What a client has found out in the end.
struct H2Got {
    http::h2::ClientStream::Answer answer = http::h2::ClientStream::Answer::waiting;
    int status = 0;
    std::string field;  // "x"
    std::string body;
    std::string trailers;  // as the end of a chunked body
    bool heard_nothing = true;
    bool connection_ended = false;
    bool late = false;
    bool refused = false;  // it speaks HTTP/1
    std::optional<ErrorCode> error;
};

struct H2Ask {
    std::string method = "GET";
    std::string path = "/";
    http::h2::Http1 http1 = http::h2::Http1::possible;
    std::string body{};
    http::h2::FieldText trailers{};
    std::chrono::milliseconds time = std::chrono::seconds(10);
    std::atomic<bool>* read_on = nullptr;  // the answer's body is read when this is true
    std::atomic<bool>* go = nullptr;       // let go without an answer when this is true
};

class H2ClientFixture : public ::testing::Test {
protected:
    H2ClientFixture() { loops_.start(); }
    ~H2ClientFixture() override {
        loops_.stop();
        connections_.reset();
    }

    void use(http::h2::ClientOptions options) { options_ = options; }
    std::string origin_;  // of the service, when it is not the listener

    std::future<H2Got> ask(H2Ask what = {}) {
        auto shared = std::make_shared<H2Ask>(std::move(what));  // outlives the call
        return boost::asio::co_spawn(
            loops_.at(0).executor(), [this, shared] { return run(*shared); },
            boost::asio::use_future);
    }
    H2Got get(H2Ask what = {}) { return ask(std::move(what)).get(); }

    http::h2::ClientConnections& connections() {
        if (!connections_) {
            upstream_ = std::make_unique<http::Upstream>(
                loops_.at(0), *net::Endpoint::parse(origin_.empty() ? listener_.origin() : origin_),
                tls_);
            connections_ =
                std::make_unique<http::h2::ClientConnections>(loops_.at(0), *upstream_, options_);
        }
        return *connections_;
    }
    std::size_t open_connections() {
        return run_on(loops_.at(0), [&]() -> net::Task<std::size_t> {
            connections().sweep(std::chrono::steady_clock::now());
            co_return connections().size();
        });
    }
    void sweep_at(std::chrono::steady_clock::time_point time) {
        run_on(loops_.at(0), [&, time]() -> net::Task<bool> {
            connections().sweep(time);
            co_return true;
        });
    }

    net::Task<H2Got> run(H2Ask& what) {
        H2Got out;
        auto const until = std::chrono::steady_clock::now() + what.time;
        http::h2::ClientStreamPtr stream;
        try {
            stream = connections().kept();
            if (!stream) stream = co_await connections().open(until, what.http1);
        } catch (Error const& error) {
            out.error = error.code();
            co_return out;
        }
        out.refused = stream == nullptr;
        if (out.refused) co_return out;
        auto& fields = stream->fields();
        fields.add(":method", what.method);
        fields.add(":scheme", "http");
        fields.add(":authority", "x");
        fields.add(":path", what.path);
        fields.add("X-Mixed", "Case");
        bool const body = !what.body.empty();
        stream->submit(what.method, body ? http::h2::BodyFollows::yes : http::h2::BodyFollows::no);
        if (body && co_await stream->write(what.body, until)) {
            stream->trailers() = what.trailers;
            stream->end();
        }
        while (what.go && !*what.go) co_await net::pause(std::chrono::milliseconds(1));
        if (what.go) co_return out;
        std::string piece;
        while (stream->answer() <= http::h2::ClientStream::Answer::begun && !out.late) {
            if (stream->answered() && what.read_on)
                while (!*what.read_on) co_await net::pause(std::chrono::milliseconds(1));
            stream->take(piece);
            out.body += piece;
            stream->consumed(piece.size());
            bool const nothing = piece.empty();
            piece.clear();
            if (nothing && stream->answer() <= http::h2::ClientStream::Answer::begun)
                out.late = !co_await stream->wait(until);
        }
        stream->take(piece);
        out.body += piece;
        out.answer = stream->answer();
        out.status = stream->head().status;
        if (stream->answered()) out.field = stream->head().get("x");
        out.heard_nothing = stream->heard_nothing();
        out.connection_ended = stream->connection_ended();
        stream->chunks().frame(out.trailers, http::h2::ChunkWriter::Last::yes);
        co_return out;
    }

    net::Loops loops_{1};
    H2Listener listener_;
    http::TlsContext tls_;
    http::h2::ClientOptions options_;
    std::unique_ptr<http::Upstream> upstream_;
    std::unique_ptr<http::h2::ClientConnections> connections_;
};

}  // namespace grover::testing
