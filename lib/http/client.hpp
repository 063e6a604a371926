// The pooled HTTP/1.1 client between processes: keep-alive per loop and origin, TCP or unix socket,
// TLS for https origins, every await under the request's deadline.
//
//     http::Client client(loop);
//     auto reply = co_await client.send({.origin = "http://127.0.0.1:8001", .method = "GET",
//     .target = "/health"}, deadline);
#pragma once

#include <memory>
#include <string>

#include "http/message.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace grover::http {

struct Outgoing {
    std::string origin;  // "http://host:port", "https://host", "unix:/path"
    std::string method = "GET";
    std::string target = "/";
    Headers headers{};
    std::string
        body{};  // sent with Content-Length when not empty or the method is POST, PUT or PATCH
    std::size_t body_bytes_max = 0;  // of the reply; 0: limits::json_body_bytes_max
};

/// Belongs to one Loop; not thread-safe. Idle connections are kept (limits::upstream_idle_max per
/// origin).
class Client {
public:
    explicit Client(net::Loop& loop);
    ~Client();
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;

    /// The complete reply, whatever its status. Throws Error: unavailable (no connection; nothing
    /// was sent), bad_gateway (broken reply or lost connection), gateway_timeout. A request that
    /// met a kept connection which the other side had just closed is sent once more on a new one,
    /// if nothing of a reply had come and the method is safe or it carries an Idempotency-Key.
    /// Throws std::invalid_argument for what cannot be sent: an origin of another form, a line
    /// break in the target or in a field.
    net::Task<Response> send(Outgoing request, Deadline deadline);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;  // shared with requests under way
};

}  // namespace grover::http
