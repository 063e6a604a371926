#include "gateway/relay.hpp"

#include <array>
#include <charconv>

#include <boost/asio/buffer.hpp>

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
    append(out, "Host", upstream.authority);
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
    Attempt(http::Exchange& exchange, http::UpstreamConnection& connection)
        : exchange_(exchange), connection_(connection) {}

    /// Sends the head with the first piece of the body, then the rest as it comes. A service may
    /// answer before it has read everything: what cannot be sent any more is no failure yet.
    net::Task<> send(std::string_view head, std::string_view first) {
        connection_.stream.expires_at(exchange_.deadline());
        bool open = !co_await connection_.write({asio::buffer(head), asio::buffer(first)});
        while (open && !exchange_.body_complete()) {
            auto const piece = co_await exchange_.read_raw();
            open = !co_await connection_.write({asio::buffer(piece), asio::const_buffer()});
        }
        whole_request_sent_ = open;
    }

    /// Reads up to the end of the answer's head; interim answers (1xx) are passed over.
    net::Task<Outcome> receive_head() {
        auto const method = exchange_.head().method;
        auto& input = connection_.input;
        for (int interim = 0; interim < interim_answers_max;) {
            auto const state =
                input.empty() ? http::HeadState::incomplete : parser_.parse(input.unread(), method);
            if (state == http::HeadState::refused) co_return Outcome::broken;
            if (state == http::HeadState::complete) {
                if (parser_.head().status >= 200) co_return Outcome::answered;
                input.consume(parser_.head().size);
                parser_.reset();
                ++interim;
            } else if (!co_await receive()) {
                co_return connection_.stream.expired() ? Outcome::late : Outcome::lost;
            }
        }
        co_return Outcome::broken;
    }

    /// Passes the answer on. True when the connection can serve another exchange.
    net::Task<bool> pass_on() {
        bool const keep = parser_.head().keep_alive && whole_request_sent_;
        auto body = parser_.head().body;
        bool const until_close = body.kind() == http::BodyFraming::Kind::until_close;
        begin(parser_.head(), until_close);
        exchange_.stream(until_close ? http::Exchange::Transfer::chunked
                                     : http::Exchange::Transfer::relayed);
        auto& input = connection_.input;
        input.consume(parser_.head().size);  // The head's views end here.
        for (;;) {
            auto const bytes = input.unread();
            auto const used = until_close ? bytes.size() : body.skip(bytes);
            // The client must not take half an answer for a whole one: its connection is cut.
            if (body.malformed()) throw http::Disconnected();
            if (body.complete()) {
                co_await exchange_.end(bytes.substr(0, used));
                input.consume(used);
                co_return keep&& input.empty();
            }
            if (used > 0) co_await exchange_.write(bytes.substr(0, used));
            input.consume(used);
            if (co_await receive()) continue;
            if (!until_close || connection_.stream.expired()) throw http::Disconnected();
            co_await exchange_.end();
            co_return false;
        }
    }

    bool heard_nothing() const noexcept { return heard_nothing_; }

private:
    static constexpr int interim_answers_max = 8;

    net::Task<bool> receive() {
        auto const [error, bytes] = co_await connection_.read_some(connection_.input.space());
        connection_.input.commit(bytes);
        heard_nothing_ = heard_nothing_ && bytes == 0;
        co_return !error && bytes > 0;
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
    http::UpstreamConnection& connection_;
    http::ReplyParser parser_;
    bool whole_request_sent_ = false;
    bool heard_nothing_ = true;
};

}  // namespace

Upstream::Upstream(net::Loop& loop, std::string called, net::Endpoint const& endpoint,
                   http::TlsContext& tls)
    : name(std::move(called)), authority(endpoint.authority()), connections(loop, endpoint, tls) {
    sweep = loop.on_sweep([this](auto now) { connections.sweep(now); });
}

net::Task<> relay(http::Exchange& exchange, Upstream& upstream, std::string_view identity) {
    auto const head = request_head(exchange, upstream, identity);
    std::string_view first;
    if (!exchange.body_complete()) first = co_await exchange.read_raw();
    bool const whole = exchange.body_complete();  // the views stay: this request can be sent again

    auto connection = upstream.connections.kept();
    for (bool once_more = connection && whole && may_repeat(exchange.head());; once_more = false) {
        if (!connection) connection = co_await upstream.connections.connect(exchange.deadline());
        Attempt attempt(exchange, *connection);
        co_await attempt.send(head, first);
        auto const outcome = co_await attempt.receive_head();
        if (outcome == Outcome::answered) {
            if (co_await attempt.pass_on()) upstream.connections.keep(std::move(connection));
            co_return;
        }
        if (outcome == Outcome::late)
            throw Error(ErrorCode::gateway_timeout,
                        "the " + upstream.name + " service did not answer in time");
        if (!once_more || outcome != Outcome::lost || !attempt.heard_nothing())
            throw Error(ErrorCode::bad_gateway, "the " + upstream.name + " service broke off");
        connection.reset();
    }
}

}  // namespace grover::gateway
