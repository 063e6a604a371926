// A connected byte stream, TCP or unix socket alike: the only owner of a socket. Models Asio's
// AsyncReadStream and AsyncWriteStream, so coroutines and asio::async_write work on it, whichever
// engine is behind it.
//
//     net::Stream stream(loop);
//     stream.expires_at(now + 1s);
//     auto [error] = co_await stream.async_connect(endpoint, net::use_tuple);
//     if (stream.expired()) ...             // error is operation_aborted
//
// The deadline is coarse (Expiring): once it has passed, every pending operation ends with
// operation_aborted and expired() says why. The stream stays open: a new deadline makes it usable
// again, say for a last answer.
//
// One read and one write (or connect) at a time; their handlers run on the stream's loop. A stream
// may be closed or destroyed while they wait: they end with operation_aborted, once the kernel has
// let go of their buffers.
#pragma once

#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>

#include "net/engine.hpp"
#include "net/expiring.hpp"
#include "net/socket.hpp"
#include "net/task.hpp"

namespace grover::net {

/// Belongs to its loop's thread.
class Stream final : public Expiring {
public:
    using executor_type = Executor;
    using lowest_layer_type = Stream;

    explicit Stream(Loop& loop) : Expiring(loop), loop_(loop) {}
    Stream(Loop& loop, Socket socket);

    executor_type get_executor() noexcept { return Executor(loop_); }
    lowest_layer_type& lowest_layer() noexcept { return *this; }

    template <class Sequence, class Token>
    auto async_read_some(Sequence const& sequence, Token&& token) {
        return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
            [this](auto handler, Buffers const& buffers) {
                read(make_operation<Takes::error_and_count>(std::move(handler)), buffers);
            },
            token, parts_of<asio::mutable_buffer>(sequence));
    }
    template <class Sequence, class Token>
    auto async_write_some(Sequence const& sequence, Token&& token) {
        return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
            [this](auto handler, Buffers const& buffers) {
                write(make_operation<Takes::error_and_count>(std::move(handler)), buffers);
            },
            token, parts_of<asio::const_buffer>(sequence));
    }
    /// Writes what can be written without waiting, and says how much. An error shows at the next
    /// async_write_some(). Not while another write is under way.
    template <class Sequence>
    std::size_t write_now(Sequence const& sequence) noexcept {
        return channel_ ? channel_->write_now(parts_of<asio::const_buffer>(sequence)) : 0;
    }
    /// Opens the socket for the address's family; call without_delay() when it is connected.
    template <class Token>
    auto async_connect(SocketAddress const& address, Token&& token) {
        return asio::async_initiate<Token, void(ErrorCode)>(
            [this](auto handler, SocketAddress const& to) {
                connect(make_operation<Takes::error>(std::move(handler)), to);
            },
            token, address);
    }

    /// TCP_NODELAY: every message of ours is one write. Does nothing on a unix socket.
    void without_delay() noexcept;
    /// The other side has closed, or sent what nobody asked for: a kept connection that is of no
    /// more use. Costs a system call at most.
    bool stale() noexcept;
    /// The other side writes no more, or the connection is lost; what came before it may be unread.
    /// Costs a system call.
    bool other_side_has_ended() const noexcept;
    /// Ends what is written; reading goes on.
    void shutdown_send() noexcept;
    /// Pending operations end with operation_aborted.
    void close() noexcept { channel_.reset(); }
    /// The same, and the other side of a TCP connection gets a reset, no end: for what must not
    /// look whole.
    void abort() noexcept;
    bool is_open() const noexcept { return channel_ != nullptr; }

private:
    template <class Buffer, class Sequence>
    static Buffers parts_of(Sequence const& sequence) noexcept {
        Buffers out;
        for (auto one = asio::buffer_sequence_begin(sequence);
             one != asio::buffer_sequence_end(sequence); ++one) {
            Buffer const buffer(*one);
            out.add(buffer.data(), buffer.size());
        }
        return out;
    }

    void read(Operation& operation, Buffers const& buffers);
    void write(Operation& operation, Buffers const& buffers);
    void connect(Operation& operation, SocketAddress const& address);
    void on_expiry() noexcept override;

    Loop& loop_;
    ChannelPtr channel_;
};

}  // namespace grover::net
