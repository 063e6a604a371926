#include "gateway/http1_attempt.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>

#include "http/websocket.hpp"

namespace grover::gateway {

namespace asio = boost::asio;

namespace {
constexpr int interim_answers_max = 8;

using Buffers = http::UpstreamConnection::Buffers;

/// What is left when `sent` bytes are gone.
Buffers without(Buffers buffers, std::size_t sent) noexcept {
    for (auto& buffer : buffers) {
        auto const gone = std::min(sent, buffer.size());
        buffer += gone;
        sent -= gone;
    }
    return buffers;
}
}  // namespace

/// The head with the first piece of the body, then the rest as it comes, while the answer is waited
/// for: what cannot be sent any more is no failure yet.
net::Task<Outcome> Http1Attempt::ask(Forward const& forward) {
    auto& connection = *connection_;
    patience_.begin(forward);
    connection.stream.expires_at(patience_.for_head());
    auto const text = forward.head(place_->instance->authority);
    method_ = forward.request.method;
    if (forward.websocket) websocket_ = &forward.request;
    auto* const body = forward.body;
    bool open = true;
    Buffers const start{asio::buffer(text), asio::buffer(forward.first)};
    auto const sent = connection.write_now(start);
    if (sent < text.size() + forward.first.size())
        open = !co_await connection.write(without(start, sent));
    sent_ = open && (!body || body->body_complete());
    if (!open || sent_) co_return co_await receive_head(method_);

    upload_.emplace(
        *body, [this](std::string_view piece) { return put(piece); }, [this] { cancel(); });
    auto const outcome = co_await receive_head(method_);
    if (outcome != Outcome::answered) {
        co_await drop_body();
        upload_->check(outcome == Outcome::late);
    } else if (parser_.head().status >= 400) {
        upload_->enough();  // Who refuses may not read the rest.
    }
    co_return outcome;
}

net::Task<bool> Http1Attempt::put(std::string_view piece) {
    body_moved();
    if (co_await connection_->write({asio::buffer(piece), asio::const_buffer()})) co_return false;
    body_moved();
    co_return true;
}

void Http1Attempt::body_moved() noexcept {
    patience_.body_moved();
    if (!body_begun_) connection_->stream.expires_at(patience_.for_head());
}

net::Task<> Http1Attempt::finish_body() {
    if (upload_) co_await upload_->ended();
}

net::Task<> Http1Attempt::drop_body() {
    if (!upload_) co_return;
    connection_->stream.expires_at({});  // A write that waits ends.
    co_await upload_->stop();
}

net::Task<Outcome> Http1Attempt::receive_head(std::string_view method) {
    auto& input = connection_->input;
    for (int interim = 0; interim < interim_answers_max;) {
        auto const state = input.empty()
                               ? http::HeadState::incomplete
                               : parser_.parse(input.unread(), method,
                                               websocket_ ? http::ReplyParser::Protocol::another
                                                          : http::ReplyParser::Protocol::http);
        if (state == http::HeadState::refused) co_return Outcome::broken;
        if (state == http::HeadState::complete) {
            auto const& head = parser_.head();
            if (head.status == 101 && !http::websocket::agrees(*websocket_, head))
                co_return Outcome::broken;
            if (head.status >= 200 || head.status == 101) {
                body_ = head.body;
                kind_ = body_.kind();
                co_return Outcome::answered;
            }
            input.consume(parser_.head().size);
            parser_.reset();
            ++interim;
        } else if (auto const [error, bytes] =
                       co_await connection_->read_some(connection_->input.space());
                   !received(error, bytes)) {
            co_return connection_->stream.expired() ? Outcome::late : Outcome::lost;
        }
    }
    co_return Outcome::broken;
}

/// False at the end.
bool Http1Attempt::received(boost::system::error_code error, std::size_t bytes) noexcept {
    connection_->input.commit(bytes);
    heard_nothing_ = heard_nothing_ && bytes == 0;
    closed_ = error == asio::error::eof;  // RFC 9112 section 9.6: nothing else ends a body
    return !error && bytes > 0;
}

Attempt::Piece Http1Attempt::take() noexcept {
    auto& input = connection_->input;
    if (!body_begun_) {
        body_begun_ = true;
        // Who was offered another protocol may have read on in it.
        keep_ = parser_.head().keep_alive && websocket_ == nullptr;
        taken_ = parser_.head().size;  // The head's views end here.
    }
    input.consume(taken_);
    auto const bytes = input.unread();
    taken_ = until_close() ? bytes.size() : body_.skip(bytes);
    Piece piece{bytes.substr(0, taken_), End::no};
    if (body_.malformed())
        piece.end = End::cut;
    else if (body_.complete())
        piece.end = End::yes;
    else if (ended_)
        piece.end = until_close() && closed_ ? End::yes : End::cut;
    return piece;
}

net::Task<> Http1Attempt::receive() {
    connection_->input.consume(std::exchange(taken_, 0));
    connection_->stream.expires_at(patience_.for_more());
    if (patience_.over()) {
        ended_ = true;
        co_return;
    }
    auto const [error, bytes] = co_await connection_->read_some(connection_->input.space());
    ended_ = !received(error, bytes);
}

void Http1Attempt::done() noexcept {
    if (!body_begun_ || !body_.complete() || !keep_ || !whole_request_sent()) return;
    connection_->input.consume(std::exchange(taken_, 0));
    // What stands behind the answer belongs to nobody: such a connection is not kept.
    if (connection_->input.empty()) place_->connections.keep(std::move(connection_));
}

}  // namespace grover::gateway
