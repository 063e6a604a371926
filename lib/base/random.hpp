// Random bytes for ids, tokens and nonces: from the kernel, buffered per thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace grover {

/// Fills `out` with bytes of getrandom(2). Aborts when the kernel has none to give: nothing may go
/// on without.
void fill_random(std::span<std::byte> out);
std::uint64_t random_u64();
/// `bytes` random bytes as lower-case hex.
std::string random_hex(std::size_t bytes);
/// `bytes` random bytes as base64url without padding (RFC 4648 section 5).
std::string random_token(std::size_t bytes);

}  // namespace grover
