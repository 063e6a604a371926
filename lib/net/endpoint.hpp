// Where a server is: "http://127.0.0.1:8001", "https://accounts.example",
// "unix:/run/grover/post.sock".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.hpp"
#include "net/socket.hpp"
#include "net/task.hpp"

namespace grover::net {

struct Endpoint {
    enum class Kind { tcp, tls, unix_socket };

    Kind kind = Kind::tcp;
    std::string host;  // a name or an address without brackets; empty for a unix socket
    std::uint16_t port = 0;
    std::string path;  // of the unix socket

    /// Nothing for text of another form: user information, a path after the authority, a port out
    /// of range, a socket path longer than the kernel takes.
    static std::optional<Endpoint> parse(std::string_view origin);
    /// The value of Host: the port is named when it is not the scheme's own; "localhost" for a unix
    /// socket.
    std::string authority() const;
};

/// The addresses of an endpoint, best first; empty when its name has none or `deadline` comes
/// first. Names are looked up by getaddrinfo(3) on a thread of the loop's; addresses and sockets
/// need no lookup.
Task<std::vector<SocketAddress>> resolve(Loop& loop, Endpoint const& endpoint,
                                         std::chrono::steady_clock::time_point deadline);

}  // namespace grover::net
