// The HTTP/1.1 server of every process: one listener per Loop (SO_REUSEPORT), keep-alive,
// pipelining with the answers of one read leaving in one send, limits and deadlines of
// base/limits.hpp, unix sockets as well as TCP.
//
//     http::Server server(loops, {.host = "127.0.0.1", .port = 8001}, handler);
//     server.start();                       // throws ConfigError when the address is taken
//     ...
//     co_await server.drain(10s);           // stops accepting, lets requests in flight finish,
//     closes the rest
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/message.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace grover::http {

/// Answers one request. Called on the loop of the connection; may suspend. Anything it throws
/// becomes problem+json (Error) or a plain 500 that says nothing (everything else, logged in full).
using Handler = std::function<net::Task<Response>(Request&)>;

struct ServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: a free one, see Server::port()
    std::string unix_path;   // also listens here when not empty; a stale socket file is replaced
    std::string name = "grover";     // for logs
    std::size_t body_bytes_max = 0;  // 0: limits::json_body_bytes_max
    /// Request heads that come from our own gateway: X-Forwarded-For is believed.
    bool behind_gateway = false;
};

/// What the access log and the metrics are told about each request, after its answer has been
/// queued.
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
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    void start();
    std::uint16_t port() const noexcept;
    /// From any thread. Readiness is the caller's business. Returns when no connection is left or
    /// `limit` has passed.
    void drain(std::chrono::milliseconds limit);

    struct Counters {
        std::uint64_t accepted = 0, open = 0, requests = 0, refused = 0, timed_out = 0,
                      malformed = 0;
    };
    Counters counters() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace grover::http
