// Requests that ask for another protocol: only WebSocket is spoken here, and only on routes that
// say so (`upgrade: [websocket]`). Other protocols in Upgrade are ignored, as RFC 9110 section 7.8
// has it.
#pragma once

#include "gateway/stages/cors.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

/// Throws Error for a request that asks for a WebSocket where its route has none, whose handshake
/// is not valid, or that a page of another site has made: browsers send their cookies with it, and
/// CORS does not hold for it (RFC 6455 section 10.2).
void check_websocket(http::Exchange& exchange, bool allowed, Cors const& cors);

}  // namespace grover::gateway
