#include "gateway/relay.hpp"

#include <array>
#include <charconv>

#include <boost/asio/write.hpp>

#include "auth/identity.hpp"
#include "base/error.hpp"
#include "http/message.hpp"
#include "http/trace.hpp"

namespace grover::gateway {
namespace {

namespace asio = boost::asio;
using http::same_token;

bool is_hop_by_hop(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 8> names{
        "connection", "keep-alive", "proxy-connection",   "proxy-authorization",
        "te",         "upgrade",    "proxy-authenticate", "expect"};
    for (auto const known : names)
        if (same_token(name, known)) return true;
    return false;
}

/// Fields that the gateway writes itself, whatever the client sent.
bool is_ours(std::string_view name) noexcept {
    if (name.size() < 4) return false;
    constexpr std::array<std::string_view, 10> names{"host",
                                                     "x-request-id",
                                                     "traceparent",
                                                     "tracestate",
                                                     "x-forwarded-for",
                                                     "x-forwarded-proto",
                                                     "x-forwarded-host",
                                                     "forwarded",
                                                     "x-grover-identity",
                                                     "x-request-deadline-ms"};
    for (auto const known : names)
        if (same_token(name, known)) return true;
    return false;
}

bool is_named_in(std::string_view list, std::string_view name) noexcept {
    while (!list.empty()) {
        auto part = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), part.size() + 1));
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (same_token(part, name)) return true;
    }
    return false;
}

void append(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

/// The head for the service. The parsed fields are re-serialised, so nothing that only looks like a
/// field gets through.
std::string request_head(http::Exchange const& exchange, Upstream const& upstream,
                         std::string_view identity) {
    auto const& head = exchange.head();
    std::string out;
    out.reserve(1024 + head.size);
    out.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
    append(out, "Host", upstream.authority());
    auto const connection = head.get("Connection");
    for (auto const& [name, value] : head.fields) {
        if (is_hop_by_hop(name) || is_ours(name)) continue;
        bool const framing =
            same_token(name, "content-length") || same_token(name, "transfer-encoding");
        if (!framing && !connection.empty() && is_named_in(connection, name)) continue;
        append(out, name, value);
    }
    append(out, "X-Forwarded-For", exchange.peer_address());
    append(out, "X-Forwarded-Proto", "http");
    if (!head.host.empty()) append(out, "X-Forwarded-Host", head.host);
    append(out, "X-Request-ID", exchange.request_id());
    append(out, "traceparent",
           http::traceparent(exchange.trace().trace_id, exchange.trace().span_id));
    if (!identity.empty()) append(out, auth::identity_header, identity);
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        exchange.deadline() - std::chrono::steady_clock::now());
    char text[24];
    auto const end =
        std::to_chars(text, text + sizeof text, std::max<std::int64_t>(left.count(), 1)).ptr;
    append(out, http::deadline_header, {text, end});
    out += "\r\n";
    return out;
}

bool may_repeat(http::RequestHead const& head) noexcept {
    return head.method == "GET" || head.method == "HEAD" || head.method == "OPTIONS" ||
           head.contains("Idempotency-Key");
}

/// What became of an attempt to get an answer's head.
enum class Outcome { answered, lost, late, broken };

/// One try on one connection.
class Attempt {
public:
    Attempt(http::Exchange& exchange, Connection& connection)
        : exchange_(exchange), connection_(connection) {}

    /// Sends the head with the first piece of the body, then the rest as it comes. A service may
    /// answer before it has read everything: what cannot be sent any more is no failure yet.
    net::Task<> send(std::string_view head, std::string_view first) {
        connection_.stream.expires_at(exchange_.deadline());
        std::array<asio::const_buffer, 2> const buffers{asio::buffer(head), asio::buffer(first)};
        auto const [error, sent] =
            co_await asio::async_write(connection_.stream, buffers, net::use_tuple);
        bool open = !error;
        while (open && !exchange_.body_complete()) {
            auto const piece = co_await exchange_.read_raw();
            auto const [failure, bytes] =
                co_await asio::async_write(connection_.stream, asio::buffer(piece), net::use_tuple);
            open = !failure;
        }
        whole_request_sent_ = open;
    }

    /// Reads up to the end of the answer's head; interim answers (1xx) are passed over.
    net::Task<Outcome> receive_head() {
        auto& parser = connection_.parser;
        auto const method = exchange_.head().method;
        for (parser.reset();;) {
            if (connection_.filled > 0) {
                auto const state = parser.parse(connection_.bytes(), method);
                if (state == http::HeadState::refused) co_return Outcome::broken;
                if (state == http::HeadState::complete) {
                    if (parser.head().status >= 200) co_return Outcome::answered;
                    drop(parser.head().size);
                    parser.reset();
                    continue;
                }
            }
            if (connection_.filled == Connection::buffer_bytes) co_return Outcome::broken;
            if (!co_await receive())
                co_return connection_.stream.expired() ? Outcome::late : Outcome::lost;
        }
    }

    /// Passes the answer on. True when the connection can serve another exchange.
    net::Task<bool> pass_on() {
        auto const& head = connection_.parser.head();
        bool const keep = head.keep_alive && whole_request_sent_;
        auto body = head.body;
        bool const until_close = body.kind() == http::BodyFraming::Kind::until_close;
        begin(head, until_close);
        auto rest = connection_.bytes().substr(head.size);
        auto used = until_close ? rest.size() : body.skip(rest);
        if (body.malformed())
            throw Error(ErrorCode::bad_gateway, "the service sent a broken answer");
        bool const extra = used < rest.size();
        exchange_.stream(until_close ? http::Exchange::Transfer::chunked
                                     : http::Exchange::Transfer::relayed);
        if (body.complete()) {
            co_await exchange_.end(rest.substr(0, used));
            co_return keep && !extra;
        }
        co_await exchange_.write(rest.substr(0, used));
        while (!body.complete()) {
            connection_.filled = 0;
            if (!co_await receive()) {
                if (until_close && !connection_.stream.expired()) break;
                // The client must not take half an answer for a whole one: its connection is cut.
                throw http::Disconnected();
            }
            rest = connection_.bytes();
            used = until_close ? rest.size() : body.skip(rest);
            if (body.malformed()) throw http::Disconnected();
            co_await exchange_.write(rest.substr(0, used));
        }
        co_await exchange_.end();
        co_return keep&& used == rest.size() && !until_close;
    }

    bool got_nothing() const noexcept { return connection_.filled == 0; }

private:
    net::Task<bool> receive() {
        auto const room = asio::buffer(connection_.buffer.get() + connection_.filled,
                                       Connection::buffer_bytes - connection_.filled);
        auto const [error, bytes] =
            co_await connection_.stream.async_read_some(room, net::use_tuple);
        connection_.filled += bytes;
        co_return !error && bytes > 0;
    }

    void drop(std::size_t bytes) {
        auto* const data = connection_.buffer.get();
        std::copy(data + bytes, data + connection_.filled, data);
        connection_.filled -= bytes;
    }

    void begin(http::ReplyHead const& head, bool until_close) {
        exchange_.begin(head.status);
        auto const connection = head.get("Connection");
        for (auto const& [name, value] : head.fields) {
            if (is_hop_by_hop(name) || same_token(name, "x-request-id") ||
                same_token(name, "date") || same_token(name, "server"))
                continue;
            bool const framing =
                same_token(name, "content-length") || same_token(name, "transfer-encoding");
            if (framing && until_close) continue;
            if (!framing && !connection.empty() && is_named_in(connection, name)) continue;
            exchange_.field(name, value);
        }
    }

    http::Exchange& exchange_;
    Connection& connection_;
    bool whole_request_sent_ = false;
};

}  // namespace

net::Task<> relay(http::Exchange& exchange, Upstream& upstream, std::string_view identity) {
    auto const head = request_head(exchange, upstream, identity);
    std::string_view first;
    if (!exchange.body_complete()) first = co_await exchange.read_raw();
    bool const whole = exchange.body_complete();  // the views stay: this request can be sent again

    auto connection = co_await upstream.take(exchange.deadline());
    // What must not be sent twice is not sent on a connection that the service has closed
    // meanwhile.
    while (!may_repeat(exchange.head()) && connection->reused && connection->stream.stale())
        connection = co_await upstream.take(exchange.deadline());
    for (;;) {
        Attempt attempt(exchange, *connection);
        co_await attempt.send(head, first);
        auto const outcome = co_await attempt.receive_head();
        if (outcome == Outcome::answered) {
            if (co_await attempt.pass_on()) upstream.give_back(std::move(connection));
            co_return;
        }
        bool const stale = outcome == Outcome::lost && connection->reused && attempt.got_nothing();
        if (stale && whole && may_repeat(exchange.head())) {
            connection = co_await upstream.connect(exchange.deadline());
            continue;
        }
        if (outcome == Outcome::late)
            throw Error(ErrorCode::gateway_timeout,
                        "the " + upstream.name() + " service did not answer in time");
        throw Error(ErrorCode::bad_gateway, "the " + upstream.name() + " service broke off");
    }
}

}  // namespace grover::gateway
