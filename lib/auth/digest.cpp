#include "auth/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <memory>
#include <span>
#include <stdexcept>

#include "base/random.hpp"

namespace grover::auth {
namespace {

constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// OpenSSL fails here only for want of memory.
void require(bool ok) {
    if (!ok) throw std::runtime_error("OpenSSL failed");
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(bytes), bytes.size(), bytes_of(out));
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    unsigned int length = 0;
    require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes),
                 bytes.size(), bytes_of(out), &length) != nullptr);
    return out;
}

std::string encrypt(std::string_view key, std::string_view plain) {
    Cipher const cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    require(cipher != nullptr);
    std::string out(nonce_bytes + plain.size() + tag_bytes, '\0');
    fill_random(std::as_writable_bytes(std::span(out.data(), nonce_bytes)));
    int length = 0;
    require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key),
                               bytes_of(out)) == 1);
    require(EVP_EncryptUpdate(cipher.get(), bytes_of(out) + nonce_bytes, &length, bytes_of(plain),
                              static_cast<int>(plain.size())) == 1);
    auto* const tag = bytes_of(out) + nonce_bytes + plain.size();
    require(EVP_EncryptFinal_ex(cipher.get(), tag, &length) == 1);
    require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, tag) == 1);
    return out;
}

std::optional<std::string> decrypt(std::string_view key, std::string_view sealed) {
    if (sealed.size() < nonce_bytes + tag_bytes) return {};
    Cipher const cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    require(cipher != nullptr);
    auto const body = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    std::string out(body.size(), '\0');
    int length = 0;
    require(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key),
                               bytes_of(sealed)) == 1);
    require(EVP_DecryptUpdate(cipher.get(), bytes_of(out), &length, bytes_of(body),
                              static_cast<int>(body.size())) == 1);
    require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1);
    if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(tag), &length) != 1) return {};
    return out;
}

}  // namespace grover::auth
