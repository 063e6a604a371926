// Passwords: Argon2id (RFC 9106) in its encoded form "$argon2id$v=19$m=...".
#pragma once

#include <string>
#include <string_view>

namespace grover::auth {

/// 19 MiB, 2 passes, 1 lane: OWASP's minimum for Argon2id. About 25 ms of CPU: call it through
/// net::run_blocking.
std::string hash_password(std::string_view password);
/// False for a wrong password and for a hash that is not one. The same cost as hashing.
bool verify_password(std::string_view hash, std::string_view password);
/// A hash of a random password with today's parameters: verifying against it makes an unknown user
/// cost what a known one does.
std::string const& decoy_hash();

}  // namespace grover::auth
