#include "http/upstream.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace grover::http {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

class TlsContext::Impl {
public:
    Impl() : context(asio::ssl::context::tls_client) {
        context.set_default_verify_paths();
        context.set_verify_mode(asio::ssl::verify_peer);
        context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    }
    asio::ssl::context context;
};

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

net::Task<std::tuple<UpstreamConnection::Error, std::size_t>> UpstreamConnection::read_some(
    asio::mutable_buffer space) {
    return tls_ ? tls_->read_some(space) : stream.async_read_some(space, net::use_tuple);
}

net::Task<UpstreamConnection::Error> UpstreamConnection::write(Buffers buffers) {
    if (tls_) co_return co_await tls_->write(buffers);
    auto const [error, count] = co_await asio::async_write(stream, buffers, net::use_tuple);
    co_return error;
}

net::Task<UpstreamConnection::Error> UpstreamConnection::handshake(TlsContext& context,
                                                                   std::string const& host) {
    // Reading the authorities takes 20 ms: only who speaks TLS pays for it.
    if (!context.impl_) context.impl_ = std::make_unique<TlsContext::Impl>();
    tls_ = std::make_unique<TlsStream>(stream, context.impl_->context);
    co_return co_await tls_->connect(host);
}

Error unreachable() {
    return Error(ErrorCode::unavailable, "a service cannot be reached");
}
Error too_late() {
    return Error(ErrorCode::gateway_timeout, "a service did not answer in time");
}

Upstream::Upstream(net::Loop& loop, net::Endpoint endpoint, TlsContext& tls)
    : loop_(loop), endpoint_(std::move(endpoint)), tls_(tls) {}

std::unique_ptr<UpstreamConnection> Upstream::kept() {
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (!connection->stream.stale()) return connection;
    }
    return nullptr;
}

net::Task<std::unique_ptr<UpstreamConnection>> Upstream::connect(Deadline deadline) {
    auto const until = std::min(deadline, Steady::now() + limits::connect_time_max);
    for (auto const& address : co_await net::resolve(loop_, endpoint_, until)) {
        auto connection = std::make_unique<UpstreamConnection>(loop_);
        connection->stream.expires_at(until);
        auto [error] = co_await connection->stream.async_connect(address, net::use_tuple);
        if (!error && endpoint_.kind == net::Endpoint::Kind::tls)
            error = co_await connection->handshake(tls_, endpoint_.host);
        if (!error) {
            connection->stream.without_delay();
            co_return connection;
        }
    }
    if (Steady::now() >= deadline) throw too_late();
    throw unreachable();
}

void Upstream::keep(std::unique_ptr<UpstreamConnection> connection) {
    connection->stream.never_expires();
    connection->idle_since_ = Steady::now();
    if (idle_.size() == limits::upstream_idle_max) idle_.erase(idle_.begin());
    idle_.push_back(std::move(connection));
}

void Upstream::sweep(Steady::time_point now) {
    auto const old = [&](auto const& connection) {
        return now - connection->idle_since_ >= limits::upstream_idle_time_max;
    };
    std::erase_if(idle_, old);
}

}  // namespace grover::http
