// A try over an HTTP/1.1 connection. Bodies are passed byte for byte, neither buffered whole nor
// framed anew. Cost: one send, and one receive for an answer that fits into a read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/attempt.hpp"
#include "gateway/cluster/upstream.hpp"
#include "gateway/patience.hpp"
#include "gateway/upload.hpp"
#include "http/upstream.hpp"

namespace grover::gateway {

class Http1Attempt final : public Attempt {
public:
    /// `kept`: the connection has served before, and the other side may be closing it right now.
    Http1Attempt(PlacePtr place, std::unique_ptr<http::UpstreamConnection> connection, bool kept)
        : place_(std::move(place)), connection_(std::move(connection)), kept_(kept) {}

    net::Task<Outcome> ask(Forward const& forward) override;
    net::Task<> finish_body() override;
    net::Task<> drop_body() override;
    void cancel() noexcept override { connection_->stream.close(); }
    std::chrono::steady_clock::time_point whole_at() const noexcept override {
        return upload_ ? upload_->whole_at() : std::chrono::steady_clock::time_point();
    }
    bool heard_nothing() const noexcept override { return heard_nothing_; }
    bool maybe_stale() const noexcept override { return kept_ && heard_nothing_; }
    http::ReplyHead const& head() const noexcept override { return parser_.head(); }
    Piece take() noexcept override;
    net::Task<> receive() override;
    std::unique_ptr<http::Duplex> tunnel() override {
        return connection_->tunnel(parser_.head().size);
    }
    void done() noexcept override;

private:
    net::Task<bool> put(std::string_view piece);
    void body_moved() noexcept;
    net::Task<Outcome> receive_head(std::string_view method);
    bool received(boost::system::error_code error, std::size_t bytes) noexcept;
    bool whole_request_sent() const noexcept { return sent_ || (upload_ && upload_->whole()); }
    bool until_close() const noexcept { return kind_ == http::BodyFraming::Kind::until_close; }

    PlacePtr place_;
    std::unique_ptr<http::UpstreamConnection> connection_;
    std::string method_;
    http::RequestHead const* websocket_ = nullptr;  // the request, when it asks for one
    Patience patience_;
    http::ReplyParser parser_;
    http::BodyFraming body_;  // as far as it was taken
    http::BodyFraming::Kind kind_ = http::BodyFraming::Kind::none;
    std::size_t taken_ = 0;  // bytes of the input that the last take() handed out
    bool kept_;
    bool body_begun_ = false;
    bool sent_ = false;  // all of the request, before the answer was waited for
    bool heard_nothing_ = true;
    bool closed_ = false;  // by the service, in order: neither reset nor given up
    bool ended_ = false;   // the connection has no more for us
    bool keep_ = false;
    std::optional<Upload> upload_;
};

}  // namespace grover::gateway
