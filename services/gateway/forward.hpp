// What is passed on of a request, and under which fields: the same for every way to a service.
//
// On the way in, hop-by-hop fields and those that Connection names go; so do the identity and trace
// fields of clients, which the gateway writes itself (X-Grover-Identity, X-Request-ID, traceparent,
// X-Forwarded-*, X-Request-Deadline-Ms). On the way out: hop-by-hop fields, Server, and the
// service's own X-Request-ID and Date go.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.hpp"
#include "http/head_parser.hpp"

namespace grover::http::h2 {
class FieldText;
}

namespace grover::gateway {

class Audience;
struct StreamSettings;

/// What is different in the request that a service gets: for the cache, and for transforms.
struct RequestEdits {
    std::string target;                              // empty: as it came
    std::vector<std::string_view> without;           // fields that stay here
    std::vector<std::string> const* only = nullptr;  // no others go; of a request without a body
    std::string more;                                // "Name: value\r\n" each

    bool passes(std::string_view name) const noexcept;
    void add(std::string_view name, std::string_view value) {
        more.append(name).append(": ").append(value).append("\r\n");
    }
};

/// One request on its way to a service. The views live as long as what it was made of: a client's
/// exchange, or a request of the gateway itself.
struct Forward {
    http::RequestHead const& request;
    std::string_view request_id;
    http::TraceContext const& trace;
    std::string_view peer_address;
    std::string_view scheme = "http";  // of the client's request
    std::string_view identity;         // the caller, signed; empty for none
    std::chrono::steady_clock::time_point deadline;
    /// What the client itself will wait.
    std::chrono::steady_clock::time_point client_until =
        std::chrono::steady_clock::time_point::max();
    /// A body that still comes moves the deadline on: so long after each piece, up to
    /// `client_until`. Zero: it does not.
    std::chrono::milliseconds after_body{};
    http::Exchange* body = nullptr;  // gives the pieces of the body after `first`
    std::string_view first{};        // of the body, as it is framed; when whole() all of it
    RequestEdits const* edits = nullptr;
    bool websocket = false;  // asks for one
    /// How long the rest of the answer may take, after its head; null: `deadline` holds for all.
    StreamSettings const* stream = nullptr;
    Audience* audience = nullptr;  // who waits for the answer; null: whatever becomes of them
    std::string_view sticky_by{};  // what keeps requests on one instance; empty: the peer's address

    /// The client's own request, without its body.
    static Forward of(http::Exchange const& exchange, std::string_view identity,
                      std::chrono::steady_clock::time_point client_until) {
        return {.request = exchange.head(),
                .request_id = exchange.request_id(),
                .trace = exchange.trace(),
                .peer_address = exchange.peer_address(),
                .scheme = exchange.scheme(),
                .identity = identity,
                .deadline = exchange.deadline(),
                .client_until = client_until};
    }
    /// The request can be sent again.
    bool whole() const noexcept { return body == nullptr; }
    /// The head as HTTP/1.1 text. The parsed fields are re-serialised, so nothing that only looks
    /// like a field gets through.
    std::string head(std::string_view authority) const;
    /// The same as the header list of HTTP/2, and how `first` and `body` frame their content.
    http::BodyFraming head(std::string_view authority, http::h2::FieldText& out) const;
};

/// True for the fields that frame a body.
bool frames_body(std::string_view name) noexcept;
/// True for a field that no longer holds for an answer's body in other bytes.
bool describes_bytes(std::string_view name) noexcept;
/// True for a field that concerns one connection: by its name, or because `connection`, the value
/// of Connection, names it. Framing fields never do.
bool is_hop_by_hop(std::string_view name, std::string_view connection) noexcept;
/// True for a field of a service's answer that its client gets.
bool goes_out(std::string_view name, std::string_view connection) noexcept;

}  // namespace grover::gateway
