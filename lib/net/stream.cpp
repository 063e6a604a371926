#include "net/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include <boost/asio/ip/tcp.hpp>

namespace grover::net {

void Stream::without_delay() noexcept {
    boost::system::error_code ignored;  // A unix socket has no such option.
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

bool Stream::stale() noexcept {
    char byte = 0;
    auto const got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Stream::shutdown_send() noexcept {
    boost::system::error_code ignored;  // The other side may have closed before.
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() noexcept {
    boost::system::error_code ignored;  // The descriptor is gone in any case.
    socket_.close(ignored);
}

void Stream::on_expiry() noexcept {
    boost::system::error_code ignored;  // Nothing pending is no error.
    socket_.cancel(ignored);
}

std::string address_text(SocketAddress const& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    auto const* data = address.data();
    switch (address.protocol().family()) {
        case AF_INET: {
            sockaddr_in in{};
            std::memcpy(&in, data, std::min(sizeof in, address.size()));
            ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
            return text.data();
        }
        case AF_INET6: {
            sockaddr_in6 in{};
            std::memcpy(&in, data, std::min(sizeof in, address.size()));
            ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
            return text.data();
        }
        default:
            return "unix";
    }
}

}  // namespace grover::net
