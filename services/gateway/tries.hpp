// Gets one request answered by a service: by which instance, how often, until when.
//
// - Deadline: the shorter of the route's, which runs from the last of the request's body, and the
//   client's own (X-Request-Timeout-Ms, or Request-Timeout in seconds). The service is told what is
//   left (X-Request-Deadline-Ms), and when it has passed the client gets its 504.
// - Admission: requests beyond what the service can work on are refused at once (503,
//   Retry-After), the least important first. One whose body is still coming is no load yet: it
//   holds no place.
// - Again: only what is safe (GET, HEAD, OPTIONS), has an Idempotency-Key or was certainly not
// acted
//   on (no connection); only while the whole request is here, within the service's retry budget,
//   and never at an instance that has failed it. A POST whose fate is unknown is never repeated.
// - Hedged: a GET that takes longer than most of its route is sent to a second instance too, within
//   the same budget; the first good answer wins, the other try is cancelled.
// - Left alone: a client that has left for longer than a moment ends the request: its tries are
//   cancelled (HTTP/1.1: the connection is closed, HTTP/2: the stream is reset), and it is nobody's
//   failure. A stream ends so too when its caller's session does.
// - Breakers: an instance that keeps failing this route is passed over; when all are, the answer is
//   503 with the time of the next probe, after Delivery::fall_back().
//
// Failures: no instance is 503; a connection lost before an answer is 502; no answer in time is
// 504. Cost of a request that simply works: about one receive and one send per side, no allocation
// but the attempt's own (bench/gateway).
#pragma once

#include <memory>
#include <string_view>

#include "gateway/cluster/upstream.hpp"
#include "gateway/deliver.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

/// What a route says about its tries, and what is remembered of them.
struct TryRules {
    ResilienceSettings settings;
    std::shared_ptr<RouteGuard> guard;  // shared with the reloads to come
};

/// What came of it, for the access log.
struct TryReport {
    std::string_view instance;  // that answered, or failed last: "http://127.0.0.1:8002"
    std::shared_ptr<Instance const> instance_kept;  // so that the text lives
    int tries = 0;                                  // hedges among them
    std::string_view breaker;                       // "closed", "half_open", "open"
    std::string_view admission;                     // "admitted", "shed"; empty: not counted
    bool hedged = false;
};

/// Until when the client itself waits; for ever when it does not say so in digits.
std::chrono::steady_clock::time_point client_until_of(http::Exchange const& exchange);
/// Until when a request may take: by its route, and by its client where that asks for less.
std::chrono::steady_clock::time_point deadline_of(
    http::Exchange const& exchange, ResilienceSettings const& route,
    std::chrono::steady_clock::time_point client_until);
/// Sets it from client_until, and what else the route says about time.
void bound(Forward& forward, http::Exchange const& exchange, TryRules const& rules);

/// Relays a request, and gives the answer to `delivery`. Throws Error only while nothing of an
/// answer has been sent, http::Disconnected when the client is gone. With an audience it ends once
/// that has left.
net::Task<> relay(Forward const& forward, Upstream& upstream, TryRules const& rules,
                  Delivery& delivery, TryReport& report);

/// The same with the body of `exchange`, whose request `forward` is.
net::Task<> relay(http::Exchange& exchange, Forward forward, Upstream& upstream,
                  TryRules const& rules, Delivery& delivery, TryReport& report);

}  // namespace grover::gateway
