// Gets one request answered by a service: which connection, how often, until when.
//
// Failures: no connection is 503 at once; a connection lost before an answer is 502; no answer in
// time is 504. A request that met a kept connection which the service had just closed is sent once
// more on a new one when that is safe: the method is, or there is an Idempotency-Key, or nothing of
// it was taken. Cost: about one receive and one send per side (bench/gateway).
#pragma once

#include <string_view>

#include "gateway/deliver.hpp"
#include "http/exchange.hpp"
#include "http/upstream.hpp"

namespace grover::gateway {

/// One service as the gateway sees it, per loop.
struct Upstream {
    Upstream(net::Loop& loop, std::string called, net::Endpoint const& endpoint,
             http::TlsContext& tls);

    std::string name;       // for errors: "the post service cannot be reached"
    std::string authority;  // the value of Host
    http::Upstream connections;
    net::Loop::SweepHandle sweep;
};

/// Relays a client's request to `upstream`, and gives the answer to `delivery`; `identity` is the
/// signed identity of the caller, empty for none. Throws Error only while nothing of an answer has
/// been sent, http::Disconnected when the client is gone.
net::Task<> relay(http::Exchange& exchange, Upstream& upstream, std::string_view identity,
                  Delivery& delivery);

/// The same for a request that is not, or not yet, a client's exchange.
net::Task<> relay(Forward const& forward, Upstream& upstream, Delivery& delivery);

}  // namespace grover::gateway
