#include "net/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace grover::net {

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
