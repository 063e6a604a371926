// A try as a stream of a shared HTTP/2 connection. Requests and answers are passed piece by piece,
// framed anew; an answer looks as it would by HTTP/1.1, chunks and trailers included. Cost: a part
// of a send and of a receive, which are shared with the requests beside it.
#pragma once

#include <optional>
#include <string>

#include "gateway/attempt.hpp"
#include "gateway/cluster/upstream.hpp"
#include "gateway/patience.hpp"
#include "gateway/upload.hpp"
#include "http/h2/client_stream.hpp"

namespace grover::gateway {

class Http2Attempt final : public Attempt {
public:
    Http2Attempt(PlacePtr place, http::h2::ClientStreamPtr stream)
        : place_(std::move(place)), stream_(std::move(stream)) {}

    net::Task<Outcome> ask(Forward const& forward) override;
    net::Task<> finish_body() override;
    net::Task<> drop_body() override;
    void cancel() noexcept override { stream_->cancel(); }
    std::chrono::steady_clock::time_point whole_at() const noexcept override {
        return upload_ ? upload_->whole_at() : std::chrono::steady_clock::time_point();
    }
    bool heard_nothing() const noexcept override { return stream_->heard_nothing(); }
    bool maybe_stale() const noexcept override {
        return stream_->connection_ended() && stream_->heard_nothing();
    }
    http::ReplyHead const& head() const noexcept override { return stream_->head(); }
    Piece take() noexcept override;
    net::Task<> receive() override;
    void done() noexcept override {}

private:
    net::Task<> send_body(Forward const& forward);
    net::Task<bool> put(std::string_view piece);
    net::Task<bool> put_next(http::Exchange const& body, std::string_view piece);
    void end_body();
    void use_up() noexcept;

    PlacePtr place_;
    http::h2::ClientStreamPtr stream_;
    Patience patience_;
    http::h2::RelayedBody body_;
    std::optional<Upload> upload_;
    std::string piece_;        // what the last take() handed out
    std::size_t content_ = 0;  // bytes of it that came over the connection
    bool chunked_ = false;
    bool late_ = false;
};

}  // namespace grover::gateway
