// application/problem+json (RFC 9457) in the shape of contract section 1: made in one place for
// services, gateway and the server's own errors.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "http/message.hpp"

namespace grover::http {

/// With Retry-After, Allow and WWW-Authenticate where the code asks for them.
Response problem(Error const& error, std::string_view request_id);

}  // namespace grover::http
