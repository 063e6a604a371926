// Hashes and encryption by OpenSSL, in the few forms that we use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grover::auth {

/// 32 bytes.
std::string sha256(std::string_view bytes);
/// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// AES-256-GCM (NIST SP 800-38D) with a random nonce: nonce (12), ciphertext, tag (16). `key` has
/// 32 bytes.
std::string encrypt(std::string_view key, std::string_view plain);
/// Nothing when the key is another one or a bit was changed.
std::optional<std::string> decrypt(std::string_view key, std::string_view sealed);

}  // namespace grover::auth
