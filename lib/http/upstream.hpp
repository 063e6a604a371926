// Kept connections of one loop to one origin: what the client and the gateway's relay take theirs
// from.
//
//     auto connection = upstream.kept();                          // the one used last, or null
//     if (!connection) connection = co_await upstream.connect(deadline);
//     connection->stream.expires_at(deadline);
//     ...                                                         // one request and its reply
//     upstream.keep(std::move(connection));                       // or let it go: it closes
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>

#include "base/error.hpp"
#include "http/duplex.hpp"
#include "http/input_buffer.hpp"
#include "http/message.hpp"
#include "http/tls_stream.hpp"
#include "net/endpoint.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace grover::http {

/// TLS settings of a process's client side: the system's authorities, TLS 1.2 or later, peers and
/// their names verified.
class TlsContext {
public:
    TlsContext();
    ~TlsContext();

private:
    friend class UpstreamConnection;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// One connection, plain or through TLS. Belongs to its loop's thread.
class UpstreamConnection {
public:
    using Error = TlsStream::Error;
    using Buffers = TlsStream::Buffers;

    explicit UpstreamConnection(net::Loop& loop) : stream(loop) {}

    /// Both under the stream's deadline.
    net::Task<std::tuple<Error, std::size_t>> read_some(boost::asio::mutable_buffer space);
    net::Task<Error> write(Buffers buffers);
    /// Writes what needs no waiting, and says how much: the rest is write()'s.
    std::size_t write_now(Buffers const& buffers) noexcept {
        return tls_ ? 0 : stream.write_now(buffers);
    }

    /// What the connection is after another protocol was agreed on; the first `head_bytes` of the
    /// input are of the agreement. Must not outlive this.
    std::unique_ptr<Duplex> tunnel(std::size_t head_bytes) {
        return make_tunnel(stream, tls_.get(), input.unread().substr(head_bytes));
    }

    net::Stream stream;
    InputBuffer input;

private:
    friend class Upstream;
    net::Task<Error> handshake(TlsContext& context, std::string const& host);

    std::unique_ptr<TlsStream> tls_;  // null: plain
    std::chrono::steady_clock::time_point idle_since_{};
};

/// What is said of a service that could not be asked.
Error unreachable();
Error too_late();

class Upstream {
public:
    /// `tls` is used for https origins and must outlive this.
    Upstream(net::Loop& loop, net::Endpoint endpoint, TlsContext& tls);

    net::Endpoint const& endpoint() const noexcept { return endpoint_; }

    /// The connection that was used last and is still open as far as we know; null when there is
    /// none. One system call for each that is not.
    std::unique_ptr<UpstreamConnection> kept();
    /// Throws Error: unavailable, or gateway_timeout when `deadline` was the reason and not
    /// limits::connect_time_max.
    net::Task<std::unique_ptr<UpstreamConnection>> connect(Deadline deadline);
    /// For the next request; the oldest goes when there are limits::upstream_idle_max.
    void keep(std::unique_ptr<UpstreamConnection> connection);
    /// Closes what was idle for limits::upstream_idle_time_max. For the loop's sweep.
    void sweep(std::chrono::steady_clock::time_point now);

private:
    net::Loop& loop_;
    net::Endpoint endpoint_;
    TlsContext& tls_;
    std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // longest idle first
};

}  // namespace grover::http
