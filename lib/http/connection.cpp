#include "http/connection.hpp"

#include <optional>

#include "http/answer.hpp"
#include "http/h2/server_session.hpp"

namespace grover::http {

using Steady = std::chrono::steady_clock;

Connection::Connection(std::shared_ptr<void> presence, Shard& shard, net::Socket socket,
                       std::string peer, Security security)
    : presence_(std::move(presence)),
      wire_(shard, std::move(socket)),
      security_(security),
      peer_(std::move(peer)),
      exchange_(wire_, peer_, scheme()) {}

/// Leaves its server's list while `presence_` holds the server: a base class would be destroyed
/// after it.
Connection::~Connection() {
    unlink();
}

net::Task<> Connection::serve() {
    try {
        if (security_ == Security::plain || co_await wire_.accept_tls()) {
            if (co_await begins_http2())
                co_await serve_http2();
            else
                co_await serve_http1();
        }
    } catch (Disconnected const&) {
        // There is nobody left to tell, or only by its loss.
        if (exchange_.ends_with_connection()) wire_.stream.abort();
    }
    wire_.stream.close();
}

void Connection::drain() {
    if (session_) session_->drain();
}

void Connection::close_if_idle() {
    if (session_)
        session_->end();
    else if (idle_)
        wire_.stream.close();
}

/// Through TLS ALPN has said so; without it a client that knows begins with the preface (RFC 9113
/// section 3.3).
net::Task<bool> Connection::begins_http2() {
    if (wire_.tls) co_return wire_.tls->protocol() == "h2";
    auto const& options = wire_.shard.options;
    if (!options.http2_clear) co_return false;
    auto& input = wire_.input;
    idle_ = true;
    while (input.unread().size() < h2::connection_preface.size() &&
           h2::connection_preface.starts_with(input.unread()) && !wire_.shard.closing) {
        auto const got = co_await wire_.read(
            input.space(),
            now_ + (input.empty() ? options.idle_time_max : options.header_time_max));
        if (got.count == 0) break;
        input.commit(got.count);
        idle_ = false;
    }
    idle_ = false;
    co_return input.unread().starts_with(h2::connection_preface);
}

net::Task<> Connection::serve_http2() {
    session_ = std::make_unique<h2::ServerSession>(wire_, peer_, scheme());
    if (wire_.shard.draining) session_->drain();
    if (wire_.shard.closing) session_->end();
    co_await session_->serve();
}

net::Task<> Connection::serve_http1() {
    while (co_await read_head()) {
        wire_.shard.requests.add();
        exchange_.start(parser_.head(), now_);
        co_await answer(exchange_, wire_.shard);
        if (!exchange_.settle()) {
            co_await wire_.flush();
            // The client may be sending still, unless it wanted the end itself.
            bool const expected = exchange_.body_complete() && !parser_.head().keep_alive;
            if (!expected) co_await wire_.linger();
            co_return;
        }
    }
}

/// True with a complete head in the parser. Sends what is collected before it waits.
net::Task<bool> Connection::read_head() {
    auto& input = wire_.input;
    auto const& options = wire_.shard.options;
    std::optional<Steady::time_point> head_until;  // from the first byte on
    parser_.reset();
    for (bool skipped = false;;) {
        // RFC 9112 section 2.2: some clients send an empty line behind a body.
        if (!skipped && input.unread().starts_with("\r\n")) {
            input.consume(2);
            skipped = true;
        }
        bool const half_line = !skipped && input.unread() == "\r";
        auto const state =
            half_line || input.empty() ? HeadState::incomplete : parser_.parse(input.unread());
        if (state == HeadState::complete) co_return true;
        if (state == HeadState::refused) {
            auto const& refusal = parser_.refusal();
            wire_.shard.refused_head(refusal.code);
            co_await refuse_and_close(Error(refusal.code, std::string(refusal.text)));
            co_return false;
        }
        if (!wire_.flush_now()) co_await wire_.flush();
        if (input.empty()) {
            if (wire_.shard.closing) co_return false;
            input.shrink();
        } else if (!head_until) {
            head_until = now_ + options.header_time_max;
        }
        idle_ = input.empty();
        auto const got = co_await wire_.read(
            input.space(), idle_ ? Steady::now() + options.idle_time_max : *head_until);
        now_ = Steady::now();
        if (got.late && !idle_) {
            wire_.shard.hit(ClientLimit::head_time);
            co_await refuse_and_close(
                Error(ErrorCode::request_timeout, "the request did not come in time"));
        }
        idle_ = false;
        if (got.count == 0) co_return false;
        input.commit(got.count);
    }
}

/// Answers what is no request.
net::Task<> Connection::refuse_and_close(Error error) {
    static RequestHead const no_request = [] {
        RequestHead out;
        out.keep_alive = false;
        return out;
    }();
    exchange_.start(no_request, now_);
    co_await refuse(exchange_, wire_.shard, std::move(error));
    co_await wire_.flush();
    co_await wire_.linger();
}

net::Task<> Connection::turn_away() {
    try {
        // A handshake is more work than the answer is worth.
        if (security_ == Security::plain)
            co_await refuse_and_close(Error(ErrorCode::unavailable, "too many connections")
                                          .with_retry_after(std::chrono::seconds(1)));
    } catch (Disconnected const&) {
        // There is nobody left to tell.
    }
    wire_.stream.close();
}

}  // namespace grover::http
