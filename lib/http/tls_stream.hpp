// TLS above a net::Stream, either side of it. What is plain never comes here: who may be either
// holds a pointer that is null for plain connections and asks it once per read and send.
//
// OpenSSL reads and writes records in memory here, and the stream below moves them: what is written
// is sealed at once and leaves in one send, without a coroutine where nothing has to wait
// (docs/adr/0022).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "net/stream.hpp"
#include "net/task.hpp"

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): Asio's
}

namespace grover::http {

/// Under the deadline of the stream below, which must outlive it. Reading and writing may overlap.
class TlsStream {
public:
    using Error = boost::system::error_code;
    using Buffers = std::array<boost::asio::const_buffer, 2>;

    TlsStream(net::Stream& below, boost::asio::ssl::context& context);
    ~TlsStream();

    /// The server's handshake.
    net::Task<Error> accept();
    /// The client's: the certificate must be good for `host`, a name or an address.
    net::Task<Error> connect(std::string const& host);

    net::Task<std::tuple<Error, std::size_t>> read_some(boost::asio::mutable_buffer space);
    net::Task<Error> write(Buffers buffers);
    /// Takes all of the buffers and sends as much as needs no waiting; false when a write(), of
    /// nothing or more, has to go on, or tell what went wrong.
    bool write_now(Buffers buffers) noexcept;
    /// There is something that only write() can send, or tell.
    bool pending() const noexcept;
    /// Tells the other side that nothing more comes (close_notify), and waits for nothing.
    net::Task<> finish();

    /// What ALPN has agreed on ("h2"); empty for nothing.
    std::string_view protocol() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace grover::http
