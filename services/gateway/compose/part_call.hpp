// One call of a composition: a GET of the gateway itself, as the caller of a client's request.
#pragma once

#include <chrono>
#include <string>

#include <boost/json/value.hpp>

#include "gateway/audience.hpp"
#include "gateway/record.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

/// The answer's JSON, by `until` or the client's deadline. Throws Error: a problem of the service
/// that is the client's own (4xx) as it is, else bad_gateway, unavailable or gateway_timeout;
/// http::Disconnected once the audience has left. What it refers to is used within this call alone:
/// the request may be gone while the part is still under way, which then has no audience any more.
net::Task<boost::json::value> call_part(http::Exchange const& exchange, Audience& audience,
                                        RequestRecord const& record, std::size_t service,
                                        std::string target,
                                        std::chrono::steady_clock::time_point until);

}  // namespace grover::gateway
