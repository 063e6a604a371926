#include "user/oidc/keys.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>

#include "base/encoding.hpp"

namespace grover::user::oidc {
namespace {

namespace json = boost::json;

constexpr std::size_t keys_max = 64;
constexpr int rsa_bits_min = 2048;
constexpr int rsa_bits_max = 8192;
constexpr std::size_t coordinate_bytes = 32;

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freer<Free>>;

using Number = Owned<BIGNUM, &BN_free>;
using ParamBuilder = Owned<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free>;
using Params = Owned<OSSL_PARAM, &OSSL_PARAM_free>;
using KeyContext = Owned<EVP_PKEY_CTX, &EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, &EVP_MD_CTX_free>;
using EcdsaSignature = Owned<ECDSA_SIG, &ECDSA_SIG_free>;

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

struct AlgorithmInfo {
    std::string_view name;
    Algorithm algorithm;
    int key_type;
};
constexpr std::array algorithms{
    AlgorithmInfo{"RS256", Algorithm::rs256, EVP_PKEY_RSA},
    AlgorithmInfo{"PS256", Algorithm::ps256, EVP_PKEY_RSA},
    AlgorithmInfo{"ES256", Algorithm::es256, EVP_PKEY_EC},
    AlgorithmInfo{"EdDSA", Algorithm::eddsa, EVP_PKEY_ED25519},
};
AlgorithmInfo const& info_of(Algorithm algorithm) {
    return algorithms[static_cast<std::size_t>(algorithm)];
}

std::string_view text_of(json::object const& from, std::string_view name) {
    auto const* value = from.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// A base64url member as bytes; empty for none.
std::string bytes_member(json::object const& from, std::string_view name) {
    return from_base64url(text_of(from, name)).value_or("");
}

Number number_of(std::string const& bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

EVP_PKEY* key_from(char const* type, OSSL_PARAM_BLD* builder) {
    Params const params(OSSL_PARAM_BLD_to_param(builder));
    KeyContext const context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return key;
}

EVP_PKEY* rsa_key(json::object const& from) {
    auto const modulus = bytes_member(from, "n");
    auto const exponent = bytes_member(from, "e");
    if (modulus.empty() || exponent.empty() || exponent.size() > 8) return nullptr;
    auto const n = number_of(modulus);
    auto const e = number_of(exponent);
    ParamBuilder const builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || BN_num_bits(n.get()) < rsa_bits_min ||
        BN_num_bits(n.get()) > rsa_bits_max || !BN_is_odd(e.get()) || BN_is_one(e.get()) ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return key_from("RSA", builder.get());
}

/// OpenSSL refuses a point that is not on the curve.
EVP_PKEY* ec_key(json::object const& from) {
    auto const x = bytes_member(from, "x");
    auto const y = bytes_member(from, "y");
    if (text_of(from, "crv") != "P-256" || x.size() != coordinate_bytes ||
        y.size() != coordinate_bytes)
        return nullptr;
    auto const point = '\x04' + x + y;
    ParamBuilder const builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return nullptr;
    return key_from("EC", builder.get());
}

EVP_PKEY* ed25519_key(json::object const& from) {
    auto const x = bytes_member(from, "x");
    if (text_of(from, "crv") != "Ed25519" || x.size() != 32) return nullptr;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size());
}

/// JWS has r and s side by side (RFC 7518 section 3.4), OpenSSL wants DER. Empty for another
/// length.
std::string der_of(std::string_view signature) {
    if (signature.size() != 2 * coordinate_bytes) return {};
    EcdsaSignature const parsed(ECDSA_SIG_new());
    auto r = number_of(std::string(signature.substr(0, coordinate_bytes)));
    auto s = number_of(std::string(signature.substr(coordinate_bytes)));
    if (!parsed || !r || !s || ECDSA_SIG_set0(parsed.get(), r.get(), s.get()) != 1) return {};
    static_cast<void>(r.release());  // They belong to `parsed` now.
    static_cast<void>(s.release());
    int const length = i2d_ECDSA_SIG(parsed.get(), nullptr);
    if (length <= 0) return {};
    std::string der(static_cast<std::size_t>(length), '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    i2d_ECDSA_SIG(parsed.get(), &out);
    return der;
}

bool signature_is_good(EVP_PKEY* key, Algorithm algorithm, std::string_view text,
                       std::string_view signature) {
    std::string der;
    if (algorithm == Algorithm::es256) {
        der = der_of(signature);
        signature = der;
    }
    if (signature.empty()) return false;
    DigestContext const context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    auto const* digest = algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
    if (!context || EVP_DigestVerifyInit(context.get(), &options, digest, nullptr, key) != 1)
        return false;
    if (algorithm == Algorithm::ps256 &&
        (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                            text.size()) == 1;
}

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) noexcept {
    for (auto const& info : algorithms)
        if (info.name == name) return info.algorithm;
    return {};
}

std::optional<KeySet::Key> KeySet::parse_key(json::object const& from) {
    auto const use = text_of(from, "use");
    if (!use.empty() && use != "sig") return {};
    auto const kty = text_of(from, "kty");
    Key key;
    if (kty == "RSA")
        key.type = EVP_PKEY_RSA, key.handle.reset(rsa_key(from));
    else if (kty == "EC")
        key.type = EVP_PKEY_EC, key.handle.reset(ec_key(from));
    else if (kty == "OKP")
        key.type = EVP_PKEY_ED25519, key.handle.reset(ed25519_key(from));
    if (!key.handle) return {};
    key.kid = text_of(from, "kid");
    if (auto const alg = text_of(from, "alg"); !alg.empty()) key.alg = alg;
    return key;
}

KeySet KeySet::parse(json::value const& document) {
    KeySet out;
    auto const* object = document.if_object();
    auto const* keys = object ? object->if_contains("keys") : nullptr;
    if (!keys || !keys->is_array()) return out;
    for (auto const& item : keys->get_array()) {
        if (out.keys_.size() == keys_max) break;
        if (auto const* from = item.if_object())
            if (auto key = parse_key(*from)) out.keys_.push_back(*std::move(key));
    }
    return out;
}

KeySet::Verdict KeySet::verify(Algorithm algorithm, std::string_view kid, std::string_view text,
                               std::string_view signature) const {
    auto const& info = info_of(algorithm);
    bool tried = false;
    for (auto const& key : keys_) {
        if (key.type != info.key_type || (key.alg && *key.alg != info.name)) continue;
        if (!kid.empty() && key.kid != kid) continue;
        tried = true;
        if (signature_is_good(key.handle.get(), algorithm, text, signature)) return Verdict::good;
    }
    return tried ? Verdict::bad : Verdict::unknown_key;
}

}  // namespace grover::user::oidc
