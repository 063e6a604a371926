// The server of every process, for HTTP/1.1 and HTTP/2: one listener per Loop (SO_REUSEPORT),
// keep-alive, pipelining with the answers of one read leaving in one send, limits and deadlines of
// base/limits.hpp, unix sockets as well as TCP, TLS beside plain (http/server_tls.hpp).
//
//     http::Server server(loops, {.host = "127.0.0.1", .port = 8001}, handler);
//     server.start();                       // throws ConfigError when the address is taken
//     ...
//     server.drain(10s);                    // stops accepting, gives notice, lets requests in
//                                           // flight finish, closes the rest
//
// The answers of pipelined requests leave together, so one of them may wait for the next.
// Order of ends: drain(), Loops::stop(), ~Server. While the loops still run, ~Server waits until
// the last handler has returned.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/limits.hpp"
#include "http/client_limit.hpp"
#include "http/exchange.hpp"
#include "http/h2/flood_guard.hpp"
#include "http/message.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace grover::http {

class ServerCore;
class ServerTls;

/// Answers one request. Called on the loop of the connection; may suspend. Anything it throws
/// becomes problem+json (Error) or a plain 500 that says nothing (everything else, logged in full).
using Handler = std::function<net::Task<Response>(Request&)>;

/// Answers one request piece by piece; see http/exchange.hpp. What it throws before anything was
/// sent is answered as for Handler; later it ends the connection.
using StreamHandler = std::function<net::Task<>(Exchange&)>;

/// Told what a handler threw that is no Error: the answer is a 500 that says nothing of it.
using FailureObserver = std::function<void(std::string_view request_id, std::string_view what)>;

struct ServerOptions {
    std::string host = "127.0.0.1";  // empty: no TCP at all
    std::uint16_t port = 0;          // 0: a free one, see Server::port()
    net::Listener::Port sharing = net::Listener::Port::alone;
    std::string unix_path{};  // also listens here when not empty; a stale socket file is replaced
    std::string name = "grover";     // for logs
    std::size_t body_bytes_max = 0;  // 0: limits::json_body_bytes_max
    /// Request heads that come from our own gateway: the last address of X-Forwarded-For is the
    /// client's, and deadline_header shortens the request's time.
    bool behind_gateway = false;
    FailureObserver on_failure{};

    /// With it the server speaks TLS: on `tls_port` beside the plain port, or on `port` alone.
    std::shared_ptr<ServerTls> tls{};  // shared with who reloads it
    std::optional<std::uint16_t> tls_port{};

    std::size_t connections_max = limits::connections_max;
    std::size_t connections_per_peer_max = 0;  // of one address (Peers); 0: no limit
    /// HTTP/2 without TLS, for clients that begin with its preface. Through TLS it is always there.
    bool http2_clear = false;
    std::size_t http2_streams_max = limits::http2_streams_max;
    std::size_t http2_connection_window_bytes = limits::http2_connection_window_bytes;

    std::chrono::milliseconds handshake_time_max = limits::handshake_time_max;
    std::chrono::milliseconds header_time_max = limits::header_time_max;
    std::chrono::milliseconds body_time_max = limits::body_time_max;
    std::chrono::milliseconds write_time_max = limits::write_time_max;
    std::chrono::milliseconds idle_time_max = limits::idle_time_max;
    std::chrono::milliseconds request_time_max = limits::request_time_max;
    std::chrono::milliseconds linger_time_max = limits::linger_time_max;
    /// How long a drain waits for one more request on each connection, which is then told that it
    /// was the last: a client that sends just when the connection closes can't know what became
    /// of its request.
    std::chrono::milliseconds drain_notice{0};
};

/// What the access log and the metrics are told about each request, after its answer has been
/// queued. A request that the server refused before it was understood has an id, a peer and no
/// method. A StreamHandler keeps its own log: only what the server answered itself comes here.
struct AccessRecord {
    Request const& request;
    int status;
    std::size_t response_bytes;
    std::chrono::steady_clock::duration took;
};
using AccessObserver = std::function<void(AccessRecord const&)>;

class Server {
public:
    Server(net::Loops& loops, ServerOptions options, Handler handler, AccessObserver observer = {});
    Server(net::Loops& loops, ServerOptions options, StreamHandler handler,
           AccessObserver observer = {});
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    void start();
    std::uint16_t port() const noexcept;
    /// Where TLS is spoken; 0: nowhere.
    std::uint16_t tls_port() const noexcept;
    /// From any thread. Readiness is the caller's business. Returns when no connection is left or
    /// `limit` has passed.
    void drain(std::chrono::milliseconds limit);

    struct Counters {
        std::uint64_t accepted = 0, open = 0, requests = 0, malformed = 0, tls_failed = 0;
        std::array<std::uint64_t, client_limits> limits{};  // clients that ran into one
        std::array<std::uint64_t, h2::floods> floods{};     // connections sent away, by h2::Flood

        std::uint64_t hit(ClientLimit limit) const noexcept {
            return limits[static_cast<std::size_t>(limit)];
        }
    };
    Counters counters() const;

private:
    net::Loops& loops_;
    std::shared_ptr<ServerCore> core_;  // shared with the connections
};

}  // namespace grover::http
