// A connected byte stream, TCP or unix socket alike: the only owner of a socket. Models Asio's
// AsyncReadStream and AsyncWriteStream, so coroutines, asio::async_write and ssl::stream work on
// it.
//
//     net::Stream stream(loop);
//     stream.expires_at(now + 1s);
//     auto [error] = co_await stream.async_connect(endpoint, net::use_tuple);
//     if (stream.expired()) ...             // error is operation_aborted
//
// The deadline is coarse (Expiring): once it has passed, every pending operation ends with
// operation_aborted and expired() says why. The stream stays open: a new deadline makes it usable
// again, say for a last answer.
#pragma once

#include <string>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>

#include "net/expiring.hpp"
#include "net/task.hpp"

namespace grover::net {

using Protocol = asio::generic::stream_protocol;
using SocketAddress = Protocol::endpoint;
using Socket = asio::basic_stream_socket<Protocol, Executor>;

/// Belongs to its loop's thread.
class Stream final : public Expiring {
public:
    using executor_type = Executor;
    using lowest_layer_type = Stream;

    explicit Stream(Loop& loop) : Expiring(loop), socket_(loop.executor()) {}
    /// `socket` has been made on `loop`'s executor.
    Stream(Loop& loop, Socket socket) : Expiring(loop), socket_(std::move(socket)) {}

    executor_type get_executor() noexcept { return socket_.get_executor(); }
    lowest_layer_type& lowest_layer() noexcept { return *this; }

    template <class Buffers, class Token>
    auto async_read_some(Buffers const& buffers, Token&& token) {
        return socket_.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(Buffers const& buffers, Token&& token) {
        return socket_.async_write_some(buffers, std::forward<Token>(token));
    }
    /// Opens the socket for the address's family; call without_delay() when it is connected.
    template <class Token>
    auto async_connect(SocketAddress const& address, Token&& token) {
        return socket_.async_connect(address, std::forward<Token>(token));
    }

    /// TCP_NODELAY: every message of ours is one write. Does nothing on a unix socket.
    void without_delay() noexcept;
    /// The other side has closed, or sent what nobody asked for: a kept connection that is of no
    /// more use. One system call.
    bool stale() noexcept;
    /// Ends what is written; reading goes on.
    void shutdown_send() noexcept;
    /// Pending operations end with operation_aborted.
    void close() noexcept;
    bool is_open() const noexcept { return socket_.is_open(); }

private:
    void on_expiry() noexcept override;

    Socket socket_;
};

/// "127.0.0.1", "::1"; "unix" for a unix socket.
std::string address_text(SocketAddress const& address);

}  // namespace grover::net
