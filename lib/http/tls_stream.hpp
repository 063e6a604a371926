// TLS above a net::Stream, either side of it. What is plain never comes here: who may be either
// holds a pointer that is null for plain connections and asks it once per read and send.
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
class context;
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
    /// The client's: the certificate must be good for `host`.
    net::Task<Error> connect(std::string const& host);

    net::Task<std::tuple<Error, std::size_t>> read_some(boost::asio::mutable_buffer space);
    net::Task<Error> write(Buffers buffers);
    /// Tells the other side that nothing more comes (close_notify).
    net::Task<> finish();

    /// What ALPN has agreed on ("h2"); empty for nothing.
    std::string_view protocol() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace grover::http
