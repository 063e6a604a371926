#include "net/endpoint.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <charconv>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "net/timer.hpp"

namespace grover::net {
namespace {

using Tcp = asio::ip::tcp;

constexpr std::size_t socket_path_bytes_max = 107;  // sockaddr_un::sun_path with its NUL

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return {};
    return port;
}

/// What getaddrinfo(3) finds; empty when it finds nothing.
std::vector<SocketAddress> look_up_now(std::string const& host, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    std::vector<SocketAddress> out;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &first) != 0) return out;
    for (auto const* one = first; one; one = one->ai_next)
        out.emplace_back(one->ai_addr, one->ai_addrlen, one->ai_protocol);
    ::freeaddrinfo(first);
    return out;
}

/// Waits for a name lookup no longer than `deadline`: getaddrinfo itself cannot be stopped.
Task<std::vector<SocketAddress>> look_up(Loop& loop, std::string host, std::uint16_t port,
                                         std::chrono::steady_clock::time_point deadline) {
    struct State {
        explicit State(Loop& loop) : done(loop) {}
        Timer done;
        std::vector<SocketAddress> found;
        bool ended = false;
    };
    // Shared with the lookup, which outlives this coroutine when it is slow.
    auto state = std::make_shared<State>(loop);
    state->done.expires_at(deadline);
    asio::post(loop.lookups(), [executor = loop.executor(), state, host, port]() mutable {
        // On a thread of its own: a Timer must end on its loop, so the state goes back there.
        asio::post(executor, [state = std::move(state), found = look_up_now(host, port)]() mutable {
            state->found = std::move(found);
            state->ended = true;
            state->done.cancel();
        });
    });
    if (!state->ended) co_await state->done.async_wait(use_tuple);
    co_return std::move(state->found);
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view origin) {
    Endpoint out;
    if (origin.starts_with("unix:")) {
        out.kind = Kind::unix_socket;
        out.path = origin.substr(5);
        if (out.path.empty() || out.path.size() > socket_path_bytes_max) return {};
        return out;
    }
    if (origin.starts_with("http://")) {
        origin.remove_prefix(7);
        out.port = 80;
    } else if (origin.starts_with("https://")) {
        origin.remove_prefix(8);
        out.kind = Kind::tls;
        out.port = 443;
    } else {
        return {};
    }
    if (origin.ends_with('/')) origin.remove_suffix(1);
    std::string_view rest;
    if (origin.starts_with('[')) {
        auto const close = origin.find(']');
        if (close == std::string_view::npos) return {};
        out.host = origin.substr(1, close - 1);
        rest = origin.substr(close + 1);
        boost::system::error_code error;
        asio::ip::make_address_v6(out.host, error);
        if (error) return {};
    } else {
        auto const colon = std::min(origin.find(':'), origin.size());
        out.host = origin.substr(0, colon);
        rest = origin.substr(colon);
        if (out.host.empty() || !std::ranges::all_of(out.host, is_host_character)) return {};
    }
    if (rest.empty()) return out;
    auto const port = rest[0] == ':' ? parse_port(rest.substr(1)) : std::nullopt;
    if (!port) return {};
    out.port = *port;
    return out;
}

std::string Endpoint::authority() const {
    if (kind == Kind::unix_socket) return "localhost";
    auto const name = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
    if (port == (kind == Kind::tls ? 443 : 80)) return name;
    return fmt::format("{}:{}", name, port);
}

Task<std::vector<SocketAddress>> resolve(Loop& loop, Endpoint const& endpoint,
                                         std::chrono::steady_clock::time_point deadline) {
    std::vector<SocketAddress> out;
    if (endpoint.kind == Endpoint::Kind::unix_socket) {
        out.emplace_back(asio::local::stream_protocol::endpoint(endpoint.path));
        co_return out;
    }
    boost::system::error_code error;
    auto const address = asio::ip::make_address(endpoint.host, error);
    if (error) co_return co_await look_up(loop, endpoint.host, endpoint.port, deadline);
    out.emplace_back(Tcp::endpoint(address, endpoint.port));
    co_return out;
}

}  // namespace grover::net
