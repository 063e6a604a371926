// A socket on its way from a listener to a stream, and where sockets lead to.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>

namespace grover::net {

/// Of any family. asio::ip::tcp::endpoint and asio::local::stream_protocol::endpoint convert to it.
using SocketAddress = boost::asio::generic::stream_protocol::endpoint;

/// Owns a connected socket's descriptor.
class Socket {
public:
    explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(other.release()) {}
    Socket& operator=(Socket&&) = delete;
    ~Socket() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    int native_handle() const noexcept { return descriptor_; }
    int release() noexcept { return std::exchange(descriptor_, -1); }

private:
    int descriptor_;
};

/// "127.0.0.1", "::1"; "unix" for a unix socket.
std::string address_text(SocketAddress const& address);

}  // namespace grover::net
