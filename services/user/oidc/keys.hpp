// A provider's signing keys (JWK Set, RFC 7517) and the check of one signature (RFC 7515, 7518,
// 8037).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>
#include <boost/json.hpp>

namespace grover::user::oidc {

/// The algorithms that we accept, for every provider. There is neither "none" nor a shared secret
/// (HS256) among them.
enum class Algorithm { rs256, ps256, es256, eddsa };
std::optional<Algorithm> algorithm_of(std::string_view name) noexcept;

/// Keys that can be used with one of our algorithms; others of the set are passed over. Immutable.
class KeySet {
public:
    /// Empty for a document that is not a key set. At most 64 keys are looked at. RSA from 2,048 to
    /// 8,192 bits, P-256, Ed25519.
    static KeySet parse(boost::json::value const& document);

    bool empty() const noexcept { return keys_.empty(); }

    enum class Verdict { good, bad, unknown_key };
    /// `kid` empty: any key of the algorithm's kind will do. unknown_key: no key to try, so a newer
    /// set may help. About 30 (RSA) to 100 (EC) microseconds a key.
    Verdict verify(Algorithm algorithm, std::string_view kid, std::string_view text,
                   std::string_view signature) const;

private:
    struct FreeKey {
        void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    };
    struct Key {
        std::string kid;
        std::optional<std::string> alg;  // a key may be bound to one
        int type = 0;                    // EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519
        std::unique_ptr<EVP_PKEY, FreeKey> handle;
    };
    static std::optional<Key> parse_key(boost::json::object const& from);

    std::vector<Key> keys_;
};

}  // namespace grover::user::oidc
