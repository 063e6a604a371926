// An answer's content, held whole: for small answers that the gateway itself reads.
#pragma once

#include <cstddef>
#include <string>

#include "gateway/attempt.hpp"

namespace grover::gateway {

/// Throws Error (bad_gateway) when the answer breaks off, or has more than `bytes_max`.
net::Task<std::string> whole_body(Attempt& attempt, std::size_t bytes_max);

}  // namespace grover::gateway
