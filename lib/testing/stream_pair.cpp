#include "testing/stream_pair.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace grover::testing {
namespace {

int require(int result) {
    if (result < 0) throw std::system_error(errno, std::system_category(), "a pair of sockets");
    return result;
}

}  // namespace

std::array<int, 2> unix_pair() {
    std::array<int, 2> out{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out.data()));
    return out;
}

std::array<int, 2> tcp_pair() {
    net::Socket listener(require(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    require(::bind(listener.native_handle(), generic, size));
    require(::listen(listener.native_handle(), 1));
    require(::getsockname(listener.native_handle(), generic, &size));
    net::Socket client(require(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    require(::connect(client.native_handle(), generic, size));
    net::Socket server(
        require(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC)));
    return {client.release(), server.release()};
}

}  // namespace grover::testing
