// Session tokens: opaque, 256 random bits, stored only as SHA-256.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/digest.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"

namespace grover::auth {

/// 43 characters of base64url.
inline std::string make_token() {
    return random_token(32);
}
/// What is stored and looked up: hex of SHA-256.
inline std::string hash_token(std::string_view token) {
    return to_hex(sha256(token));
}

/// The token of "Authorization: Bearer <token>" (RFC 6750 section 2.1); nothing for another scheme,
/// an empty or an over-long token, or characters outside of token68.
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace grover::auth
