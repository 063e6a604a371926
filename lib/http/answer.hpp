// What a server answers for its handlers: what they throw, and what they never get to see. Internal
// to the server.
#pragma once

#include <exception>
#include <string_view>

#include "http/exchange.hpp"
#include "http/message.hpp"
#include "http/server.hpp"
#include "http/shard.hpp"

namespace grover::http {

/// What a handler's failure looks like from outside; anything but an Error is told to `observer`.
/// Rethrows Disconnected.
Response failure_response(std::exception_ptr const& failure, std::string_view request_id,
                          FailureObserver const& observer);
/// Writes the head of `response`, without the fields that are the server's own.
void begin(Exchange& exchange, Response const& response);

/// Lets the handler answer; its failure is the answer while none was sent. Throws Disconnected when
/// half an answer is all that there will be.
net::Task<> answer(Exchange& exchange, Shard& shard);
/// Answers what no handler sees.
net::Task<> refuse(Exchange& exchange, Shard& shard, Error error);

}  // namespace grover::http
