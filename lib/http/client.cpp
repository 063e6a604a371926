#include "http/client.hpp"

#include <map>
#include <stdexcept>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "http/characters.hpp"
#include "http/head_parser.hpp"
#include "http/head_writer.hpp"
#include "http/upstream.hpp"

namespace grover::http {
namespace {

constexpr int interim_replies_max = 8;

bool is_target(std::string_view text) {
    // A control character or a blank in it would begin another part of the head.
    for (char const c : text)
        if (c <= ' ' || c == 0x7f) return false;
    return !text.empty();
}

std::string write_head(Outgoing const& request, net::Endpoint const& endpoint) {
    if (!is_token(request.method) || !is_target(request.target))
        throw std::invalid_argument("the request line cannot be sent");
    auto const& method = request.method;
    std::string out = method + " " + request.target + " HTTP/1.1\r\n";
    if (!request.headers.contains("Host")) append_field(out, "Host", endpoint.authority());
    for (auto const& [name, value] : request.headers.all()) {
        bool const ours = same_token(name, "Content-Length") || same_token(name, "Connection") ||
                          same_token(name, "Transfer-Encoding");
        if (!ours) append_field(out, name, value);
    }
    if (!request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
        append_field(out, "Content-Length", request.body.size());
    out += "\r\n";
    return out;
}

/// One request and its reply on one connection.
class Attempt {
public:
    Attempt(UpstreamConnection& connection, Outgoing const& request, std::string const& head)
        : connection_(connection), request_(request), head_(head) {}

    /// True with a whole reply; else failure() says why.
    net::Task<bool> run() {
        UpstreamConnection::Buffers const both{boost::asio::buffer(head_),
                                               boost::asio::buffer(request_.body)};
        auto const unsent = co_await connection_.write(both);
        // Who refuses a body may have answered before it was read: an unsent rest is no failure
        // yet.
        if (unsent && connection_.stream.expired()) co_return fail();
        bool const done = co_await read_head() && co_await read_body();
        co_return done;
    }

    Response take_reply() { return std::move(reply_); }
    Error const& failure() const noexcept { return failure_; }
    bool heard_nothing() const noexcept { return heard_nothing_; }
    /// The connection is in step: another request may follow.
    bool reusable() const noexcept {
        return parser_.head().keep_alive && connection_.input.empty();
    }

private:
    using Code = UpstreamConnection::Error;

    bool fail() {
        if (connection_.stream.expired()) failure_ = too_late();
        return false;
    }

    net::Task<Code> receive() {
        auto const [error, count] = co_await connection_.read_some(connection_.input.space());
        connection_.input.commit(count);
        if (count > 0) heard_nothing_ = false;
        co_return error;
    }

    net::Task<bool> read_head() {
        auto& input = connection_.input;
        for (int interim = 0; interim <= interim_replies_max;) {
            auto const state = input.empty() ? HeadState::incomplete
                                             : parser_.parse(input.unread(), request_.method);
            if (state == HeadState::refused) co_return false;
            if (state == HeadState::complete) {
                if (parser_.head().status >= 200) co_return true;
                input.consume(parser_.head().size);
                parser_.reset();
                ++interim;
            } else if (co_await receive()) {
                co_return fail();
            }
        }
        co_return false;
    }

    net::Task<bool> read_body() {
        auto const& head = parser_.head();
        auto& input = connection_.input;
        reply_.status = head.status;
        for (auto const& [name, value] : head.fields) reply_.headers.add(name, value);
        auto body = head.body;
        input.consume(head.size);
        auto const bytes_max =
            request_.body_bytes_max ? request_.body_bytes_max : limits::json_body_bytes_max;
        while (!body.complete()) {
            auto const [used, content] = body.next(input.unread());
            if (body.malformed() || reply_.body.size() + content.size() > bytes_max)
                co_return false;
            reply_.body += content;
            input.consume(used);
            if (body.complete() || !input.empty()) continue;
            auto const error = co_await receive();
            bool const ends =
                error == boost::asio::error::eof && body.kind() == BodyFraming::Kind::until_close;
            if (ends) co_return true;
            if (error) co_return fail();
        }
        co_return true;
    }

    UpstreamConnection& connection_;
    Outgoing const& request_;
    std::string const& head_;
    ReplyParser parser_;
    Response reply_;
    bool heard_nothing_ = true;
    Error failure_{ErrorCode::bad_gateway, "a service gave no valid answer"};
};

}  // namespace

class Client::Impl : public std::enable_shared_from_this<Impl> {
public:
    explicit Impl(net::Loop& loop) : loop_(loop) {}

    void sweep_regularly() {
        // Weak: the sweep must not keep what its own handle belongs to.
        sweep_ = loop_.on_sweep([weak = weak_from_this()](auto now) {
            if (auto const self = weak.lock())
                for (auto& [origin, upstream] : self->upstreams_) upstream.sweep(now);
        });
    }

    /// `self` keeps the pool while a request is under way, even when the client is gone.
    static net::Task<Response> send(std::shared_ptr<Impl> self, Outgoing request,
                                    Deadline deadline) {
        if (std::chrono::steady_clock::now() >= deadline)
            throw Error(ErrorCode::gateway_timeout, "no time was left to ask a service");
        auto& upstream = self->upstream(request.origin);
        auto const head = write_head(request, upstream.endpoint());
        bool const repeatable =
            is_safe(request.method) || request.headers.contains("Idempotency-Key");
        auto connection = upstream.kept();
        for (bool once_more = connection && repeatable;; once_more = false) {
            if (!connection) connection = co_await upstream.connect(deadline);
            connection->stream.expires_at(deadline);
            Attempt attempt(*connection, request, head);
            bool const done = co_await attempt.run();
            if (done) {
                if (attempt.reusable()) upstream.keep(std::move(connection));
                co_return attempt.take_reply();
            }
            bool const was_stale =
                attempt.heard_nothing() && attempt.failure().code() == ErrorCode::bad_gateway;
            if (!once_more || !was_stale) throw attempt.failure();
            connection.reset();
        }
    }

private:
    Upstream& upstream(std::string const& origin) {
        auto const found = upstreams_.find(origin);
        if (found != upstreams_.end()) return found->second;
        auto endpoint = net::Endpoint::parse(origin);
        if (!endpoint) throw std::invalid_argument("an origin of no known form: " + origin);
        return upstreams_.try_emplace(origin, loop_, *std::move(endpoint), tls_).first->second;
    }

    net::Loop& loop_;
    TlsContext tls_;
    std::map<std::string, Upstream> upstreams_;
    net::Loop::SweepHandle sweep_;
};

Client::Client(net::Loop& loop) : impl_(std::make_shared<Impl>(loop)) {
    impl_->sweep_regularly();
}

Client::~Client() = default;

net::Task<Response> Client::send(Outgoing request, Deadline deadline) {
    return Impl::send(impl_, std::move(request), deadline);
}

}  // namespace grover::http
