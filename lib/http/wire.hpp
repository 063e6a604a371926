// The reading and writing of one server connection: one input buffer, one collected output, one
// deadline for each direction. Internal to the server.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/input_buffer.hpp"
#include "http/shard.hpp"
#include "http/tls_stream.hpp"
#include "net/stream.hpp"

namespace grover::http {

class Wire {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// More than this is not collected but sent.
    static constexpr std::size_t output_bytes_max = 64 << 10;

    Wire(Shard& shard, net::Socket socket) : shard(shard), stream(shard.loop, std::move(socket)) {}

    /// The handshake; from then on everything goes through TLS. False when there was none in time.
    net::Task<bool> accept_tls();

    struct Received {
        std::size_t count;  // 0: the client has closed, or is late
        bool late;
    };
    net::Task<Received> read(boost::asio::mutable_buffer space, TimePoint until);
    /// Sends what is collected if that needs no waiting, without a coroutine; false when flush()
    /// has to.
    bool flush_now() noexcept {
        std::string_view nothing;
        return send_now(nothing);
    }
    /// Moves the end of the read() that is under way.
    void read_until(TimePoint until) {
        read_until_ = until;
        expire();
    }
    /// Sends what is collected. Throws Disconnected.
    net::Task<> flush() { return send({}); }
    /// Sends what is collected and `more`, in one write.
    net::Task<> send(std::string_view more);
    /// Sends as much of it as needs no waiting, without a coroutine, and leaves the rest in `more`;
    /// false when send() has to go on.
    bool send_now(std::string_view& more) noexcept;
    /// Waits until the client has seen the end of the answer and closes, or its time is over:
    /// closing with bytes unread would reset the connection under the answer.
    net::Task<> linger();

    Shard& shard;
    net::Stream stream;
    InputBuffer input;
    std::string output;
    std::uint64_t writes = 0;
    std::unique_ptr<TlsStream> tls;  // null: plain

private:
    // Reading and writing may overlap; the stream has the earlier deadline of the two.
    void expire() { stream.expires_at(std::min(read_until_, write_until_)); }

    std::shared_ptr<boost::asio::ssl::context> tls_context_;  // what `tls` was made of
    TimePoint read_until_ = TimePoint::max();
    TimePoint write_until_ = TimePoint::max();
};

}  // namespace grover::http
