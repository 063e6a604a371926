// The opening handshake of WebSocket (RFC 6455 section 4), as the one in the middle has to look at
// it: what a client asks, and what it was answered. What follows the handshake is nobody's business
// but the two ends'.
//
//     if (auto const wrong = websocket::refusal_of(request)) throw *wrong;
//     ... // ask the service; it answers 101
//     if (!websocket::agrees(request, reply)) ...      // that is no answer to this request
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/head_parser.hpp"

namespace grover::http::websocket {

inline constexpr std::string_view version = "13";

/// Of a request that wants_websocket: what is wrong with it; nothing when it may go on.
/// ErrorCode::upgrade_required: another version, the answer should name ours.
std::optional<Error> refusal_of(RequestHead const& request);

/// The Sec-WebSocket-Accept for a key (section 4.2.2).
std::string accept_of(std::string_view key);

/// A 101 is the answer to this request: for its key, with a sub-protocol and extensions that it has
/// offered (section 4.1), and without a body.
bool agrees(RequestHead const& request, ReplyHead const& reply);

}  // namespace grover::http::websocket
