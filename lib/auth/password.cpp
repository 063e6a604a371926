#include "auth/password.hpp"

#include <argon2.h>

#include <array>
#include <span>
#include <stdexcept>

#include "base/random.hpp"

namespace grover::auth {
namespace {

constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t hash_bytes = 32;

}  // namespace

std::string hash_password(std::string_view password) {
    std::array<std::byte, 16> salt{};
    fill_random(salt);
    std::string encoded(
        argon2_encodedlen(passes, memory_kib, lanes, salt.size(), hash_bytes, Argon2_id), '\0');
    int const result =
        argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(),
                              salt.data(), salt.size(), hash_bytes, encoded.data(), encoded.size());
    if (result != ARGON2_OK) throw std::runtime_error(argon2_error_message(result));
    encoded.resize(encoded.find('\0'));
    return encoded;
}

bool verify_password(std::string_view hash, std::string_view password) {
    return argon2id_verify(std::string(hash).c_str(), password.data(), password.size()) ==
           ARGON2_OK;
}

std::string const& decoy_hash() {
    static std::string const hash = hash_password(random_token(16));
    return hash;
}

}  // namespace grover::auth
