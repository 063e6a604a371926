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

#include "http/exchange.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway {

/// One request on its way to a service. The views live as long as the exchange.
struct Forward {
    http::Exchange& exchange;
    std::string_view identity;  // the caller, signed; empty for none
    std::string_view first;     // of the body, as it is framed, when `whole` all of it
    bool whole = true;          // the request can be sent again
    std::chrono::steady_clock::time_point deadline;

    /// The head as HTTP/1.1 text. The parsed fields are re-serialised, so nothing that only looks
    /// like a field gets through.
    std::string head(std::string_view authority) const;
};

/// True for the fields that frame a body.
bool frames_body(std::string_view name) noexcept;
/// True for a field that concerns one connection: by its name, or because `connection`, the value
/// of Connection, names it. Framing fields never do.
bool is_hop_by_hop(std::string_view name, std::string_view connection) noexcept;
/// True for a field of a service's answer that its client gets.
bool goes_out(std::string_view name, std::string_view connection) noexcept;

}  // namespace grover::gateway
