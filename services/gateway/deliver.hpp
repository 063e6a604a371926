// Passes a service's answer on to the client, piece by piece and byte for byte: the end of the
// gateway's data plane.
#pragma once

#include "gateway/attempt.hpp"
#include "http/exchange.hpp"

namespace grover::gateway {

/// The answer of an attempt that was answered, to its end. Throws http::Disconnected when the
/// client is gone, or must not take half an answer for a whole one: its connection is cut.
net::Task<> deliver(http::Exchange& exchange, Attempt& attempt);

}  // namespace grover::gateway
