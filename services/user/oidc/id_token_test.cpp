#include "user/oidc/id_token.hpp"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "auth/digest.hpp"
#include "base/encoding.hpp"

namespace grover::user::oidc {
namespace {

namespace json = boost::json;

unsigned char const* bytes_of(std::string const& text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

/// A provider's key with its private half.
struct SigningKey {
    std::string alg;
    std::string kid;
    std::shared_ptr<EVP_PKEY> key;  // shared with copies of this value

    static SigningKey make(std::string alg, std::string kid, unsigned rsa_bits = 2048) {
        EVP_PKEY* key = alg == "ES256"   ? EVP_EC_gen("P-256")
                        : alg == "EdDSA" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                         : EVP_RSA_gen(rsa_bits);
        return {std::move(alg), std::move(kid), {key, &EVP_PKEY_free}};
    }

    std::string number(char const* name) const {
        BIGNUM* n = nullptr;
        EVP_PKEY_get_bn_param(key.get(), name, &n);
        std::string out(static_cast<std::size_t>(BN_num_bytes(n)), '\0');
        BN_bn2bin(n, reinterpret_cast<unsigned char*>(out.data()));
        BN_free(n);
        return to_base64url(out);
    }
    std::string octets() const {
        std::string out(256, '\0');
        std::size_t length = out.size();
        EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                        reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                        &length);
        out.resize(length);
        return out;
    }
    json::object jwk() const {
        json::object out{{"kid", kid}, {"use", "sig"}};
        if (alg == "ES256") {
            auto const point = octets();
            out["kty"] = "EC", out["crv"] = "P-256";
            out["x"] = to_base64url(point.substr(1, 32)), out["y"] = to_base64url(point.substr(33));
        } else if (alg == "EdDSA") {
            out["kty"] = "OKP", out["crv"] = "Ed25519", out["x"] = to_base64url(octets());
        } else {
            out["kty"] = "RSA";
            out["n"] = number(OSSL_PKEY_PARAM_RSA_N), out["e"] = number(OSSL_PKEY_PARAM_RSA_E);
        }
        return out;
    }

    std::string sign(std::string const& text) const {
        auto* const context = EVP_MD_CTX_new();
        EVP_PKEY_CTX* options = nullptr;
        EVP_DigestSignInit(context, &options, alg == "EdDSA" ? nullptr : EVP_sha256(), nullptr,
                           key.get());
        if (alg == "PS256") {
            EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
        }
        std::string out(1024, '\0');
        std::size_t length = out.size();
        EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &length,
                       bytes_of(text), text.size());
        EVP_MD_CTX_free(context);
        out.resize(length);
        return alg == "ES256" ? raw_signature(out) : out;
    }

private:
    static std::string raw_signature(std::string const& der) {
        auto const* at = bytes_of(der);
        auto* const parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
        std::string out(64, '\0');
        auto* to = reinterpret_cast<unsigned char*>(out.data());
        BN_bn2binpad(ECDSA_SIG_get0_r(parsed), to, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed), to + 32, 32);
        ECDSA_SIG_free(parsed);
        return out;
    }
};

constexpr Timestamp now{1'800'000'000'000};
constexpr std::int64_t now_s = now.ms / 1000;

json::object good_claims() {
    return {{"iss", "https://id.example"},
            {"aud", "grover"},
            {"sub", "248289761001"},
            {"iat", now_s},
            {"exp", now_s + 300},
            {"nonce", "n-0S6_WzA2Mj"},
            {"email", "ann@example.org"},
            {"email_verified", true},
            {"name", "Ann"}};
}

struct IdToken : ::testing::Test {
    /// Made once: RSA keys take their time.
    static SigningKey const& rsa() {
        static auto const key = SigningKey::make("RS256", "rsa-1");
        return key;
    }
    static SigningKey const& ec() {
        static auto const key = SigningKey::make("ES256", "ec-1");
        return key;
    }
    static SigningKey const& ed() {
        static auto const key = SigningKey::make("EdDSA", "ed-1");
        return key;
    }
    static KeySet keys() {
        return KeySet::parse(json::object{{"keys", {rsa().jwk(), ec().jwk(), ed().jwk()}}});
    }

    static std::string token(json::object const& header, json::object const& claims,
                             SigningKey const& key) {
        auto const text =
            to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));
        return text + '.' + to_base64url(key.sign(text));
    }
    static std::string token(json::object const& claims, SigningKey const& key = rsa()) {
        return token({{"alg", key.alg}, {"kid", key.kid}}, claims, key);
    }
    static std::string token_with(std::string_view name, json::value value) {
        auto claims = good_claims();
        claims[name] = std::move(value);
        return token(claims);
    }
    static std::string token_without(std::string_view name) {
        auto claims = good_claims();
        claims.erase(name);
        return token(claims);
    }

    static std::expected<Claims, TokenFault> verify(std::string_view text) {
        return verify_id_token(text, keys(),
                               {.issuer = "https://id.example",
                                .client_id = "grover",
                                .nonce = "n-0S6_WzA2Mj",
                                .now = now});
    }
    static std::string verdict(std::string_view text) {
        auto const claims = verify(text);
        return claims ? "good" : std::string(reflect::name_of(claims.error()));
    }
};

TEST_F(IdToken, IsTakenInEachAlgorithm) {
    auto ps = rsa();
    ps.alg = "PS256";
    for (auto const& key : {rsa(), ps, ec(), ed()}) {
        auto const claims = verify(token(good_claims(), key));
        ASSERT_TRUE(claims) << key.alg << ' ' << reflect::name_of(claims.error());
        EXPECT_EQ(claims->subject, "248289761001");
        EXPECT_EQ(claims->email, "ann@example.org");
        EXPECT_EQ(claims->email_verified, true);
        EXPECT_EQ(claims->name, "Ann");
        EXPECT_FALSE(claims->picture);
    }
}

TEST_F(IdToken, NeedsASignature) {
    auto const none = to_base64url(R"({"alg":"none"})") + '.' +
                      to_base64url(json::serialize(good_claims())) + '.';
    EXPECT_EQ(verdict(none), "algorithm");
    for (auto const* alg : {"None", "nOnE", "", "RS1", "HS512", "ES384"})
        EXPECT_EQ(verdict(token({{"alg", alg}, {"kid", "rsa-1"}}, good_claims(), rsa())),
                  "algorithm");
    EXPECT_EQ(verdict(token({{"kid", "rsa-1"}}, good_claims(), rsa())), "algorithm");
    EXPECT_EQ(verdict(token({{"alg", 7}, {"kid", "rsa-1"}}, good_claims(), rsa())), "algorithm");
}

TEST_F(IdToken, IsNotFooledByHmacWithThePublicKey) {
    auto const text = to_base64url(R"({"alg":"HS256","kid":"rsa-1"})") + '.' +
                      to_base64url(json::serialize(good_claims()));
    auto const public_key = json::serialize(rsa().jwk());
    EXPECT_EQ(verdict(text + '.' + to_base64url(auth::hmac_sha256(public_key, text))), "algorithm");
}

TEST_F(IdToken, IsNotFooledByAKeyOfAnotherKind) {
    EXPECT_EQ(verdict(token({{"alg", "ES256"}, {"kid", "rsa-1"}}, good_claims(), rsa())),
              "unknown_key");
    EXPECT_EQ(verdict(token({{"alg", "RS256"}, {"kid", "ec-1"}}, good_claims(), ec())),
              "unknown_key");
    EXPECT_EQ(verdict(token({{"alg", "PS256"}, {"kid", "rsa-1"}}, good_claims(), rsa())),
              "signature");
    EXPECT_EQ(verdict(token({{"alg", "ES256"}, {"kid", "ec-1"}}, good_claims(), rsa())),
              "signature");
}

TEST_F(IdToken, NeedsAKnownKey) {
    auto const stranger = SigningKey::make("RS256", "rsa-2");
    EXPECT_EQ(verdict(token(good_claims(), stranger)), "unknown_key");
    EXPECT_EQ(verdict(token({{"alg", "RS256"}, {"kid", "rsa-1"}}, good_claims(), stranger)),
              "signature");
    EXPECT_EQ(verdict(token({{"alg", "RS256"}}, good_claims(), stranger)), "signature");
    EXPECT_EQ(verdict(token({{"alg", "RS256"}}, good_claims(), rsa())), "good");
    auto const jwk_inside = json::object{{"alg", "RS256"}, {"jwk", stranger.jwk()}};
    EXPECT_EQ(verdict(token(jwk_inside, good_claims(), stranger)), "signature");
}

TEST_F(IdToken, IsRefusedWhenABitChanged) {
    auto const good = token(good_claims());
    for (std::size_t i = 0; i < good.size(); i += 17) {
        auto bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        if (bad != good) EXPECT_NE(verdict(bad), "good") << i;
    }
}

TEST_F(IdToken, IsRefusedWhenItIsNone) {
    for (std::string const& bad :
         {std::string(), std::string("a"), std::string("."), std::string(".."),
          std::string("a.b.c"), std::string("e30.e30.e30"), std::string("e30.e30"),
          std::string("W10.W10.AAAA"), token(good_claims()) + ".x", token(good_claims()) + "=",
          std::string(100'000, 'a') + "." + std::string(100'000, 'a') + ".a",
          to_base64url(std::string(5000, '[')) + ".e30.AAAA"})
        EXPECT_NE(verdict(bad), "good");
    EXPECT_EQ(verdict(token({{"alg", "RS256"}, {"kid", "rsa-1"}, {"crit", {"exp"}}}, good_claims(),
                            rsa())),
              "malformed");
}

TEST_F(IdToken, MustBeOfTheIssuer) {
    EXPECT_EQ(verdict(token_with("iss", "https://evil.example")), "issuer");
    EXPECT_EQ(verdict(token_with("iss", "https://id.example/")), "issuer");
    EXPECT_EQ(verdict(token_with("iss", json::array{"https://id.example"})), "issuer");
    EXPECT_EQ(verdict(token_without("iss")), "issuer");
}

TEST_F(IdToken, MustBeForUs) {
    EXPECT_EQ(verdict(token_with("aud", "other")), "audience");
    EXPECT_EQ(verdict(token_with("aud", json::array{"other"})), "audience");
    EXPECT_EQ(verdict(token_with("aud", json::array())), "audience");
    EXPECT_EQ(verdict(token_with("aud", nullptr)), "audience");
    EXPECT_EQ(verdict(token_without("aud")), "audience");
    EXPECT_EQ(verdict(token_with("aud", json::array{"grover"})), "good");
    EXPECT_EQ(verdict(token_with("aud", json::array{"grover", "other"})), "audience");  // no azp
    EXPECT_EQ(verdict(token_with("azp", "other")), "audience");
    EXPECT_EQ(verdict(token_with("azp", "grover")), "good");
    auto several = good_claims();
    several["aud"] = json::array{"other", "grover"};
    several["azp"] = "grover";
    EXPECT_EQ(verdict(token(several)), "good");
}

TEST_F(IdToken, MustBeInTime) {
    EXPECT_EQ(verdict(token_with("exp", now_s - 29)), "good");
    EXPECT_EQ(verdict(token_with("exp", now_s - 30)), "expired");
    EXPECT_EQ(verdict(token_with("exp", 0)), "expired");
    EXPECT_EQ(verdict(token_with("exp", -1e300)), "expired");
    EXPECT_EQ(verdict(token_with("exp", static_cast<double>(now_s) + 0.5)), "good");
    EXPECT_EQ(verdict(token_with("exp", "1800000300")), "malformed");
    EXPECT_EQ(verdict(token_without("exp")), "malformed");
    EXPECT_EQ(verdict(token_with("nbf", now_s + 30)), "good");
    EXPECT_EQ(verdict(token_with("nbf", now_s + 31)), "not_yet_valid");
    EXPECT_EQ(verdict(token_with("nbf", "soon")), "malformed");
    EXPECT_EQ(verdict(token_with("iat", now_s + 31)), "not_yet_valid");
    EXPECT_EQ(verdict(token_without("iat")), "malformed");
}

TEST_F(IdToken, MustAnswerThisSignIn) {
    EXPECT_EQ(verdict(token_with("nonce", "another")), "nonce");
    EXPECT_EQ(verdict(token_with("nonce", "n-0S6_WzA2Mj ")), "nonce");
    EXPECT_EQ(verdict(token_with("nonce", 7)), "nonce");
    EXPECT_EQ(verdict(token_without("nonce")), "nonce");
}

TEST_F(IdToken, MustNameSomebody) {
    EXPECT_EQ(verdict(token_without("sub")), "malformed");
    EXPECT_EQ(verdict(token_with("sub", "")), "malformed");
    EXPECT_EQ(verdict(token_with("sub", 248289761001)), "malformed");
    EXPECT_EQ(verdict(token_with("sub", json::string(256, 'a'))), "malformed");
}

TEST_F(IdToken, ClaimsOfTheWrongTypeAreAbsent) {
    EXPECT_FALSE(verify(token_with("email", 7))->email);
    EXPECT_FALSE(verify(token_with("name", json::array{"Ann"}))->name);
    EXPECT_EQ(verify(token_with("email_verified", "true"))->email_verified, true);
    EXPECT_EQ(verify(token_with("email_verified", "yes"))->email_verified, false);
    EXPECT_EQ(verify(token_with("email_verified", nullptr))->email_verified, false);
    EXPECT_FALSE(verify(token_without("email_verified"))->email_verified);
}

TEST(KeySet, PassesOverWhatItCannotUse) {
    EXPECT_TRUE(KeySet::parse(nullptr).empty());
    EXPECT_TRUE(KeySet::parse(json::array()).empty());
    EXPECT_TRUE(KeySet::parse(json::object{{"keys", 7}}).empty());
    EXPECT_TRUE(KeySet::parse(json::object{{"keys", {1, "a", nullptr, json::object()}}}).empty());
    auto const refused = [](json::object key) {
        return KeySet::parse(json::object{{"keys", json::array{std::move(key)}}}).empty();
    };
    auto const weak = SigningKey::make("RS256", "weak", 1024);
    EXPECT_TRUE(refused(weak.jwk()));
    auto encryption = IdToken::ec().jwk();
    encryption["use"] = "enc";
    EXPECT_TRUE(refused(encryption));
    auto off_curve = IdToken::ec().jwk();
    off_curve["y"] = off_curve["x"];
    EXPECT_TRUE(refused(off_curve));
    auto even = IdToken::rsa().jwk();
    even["e"] = "Ag";
    EXPECT_TRUE(refused(even));
    EXPECT_TRUE(refused({{"kty", "oct"}, {"k", "c2VjcmV0"}}));
    EXPECT_TRUE(refused({{"kty", "OKP"}, {"crv", "X25519"}, {"x", std::string(43, 'A')}}));
    EXPECT_TRUE(refused({{"kty", "EC"}, {"crv", "P-384"}, {"x", "AA"}, {"y", "AA"}}));
    EXPECT_FALSE(refused(IdToken::ed().jwk()));
}

TEST(KeySet, AKeyBoundToAnAlgorithmIsUsedForThatOne) {
    auto bound = IdToken::rsa().jwk();
    bound["alg"] = "PS256";
    auto const keys = KeySet::parse(json::object{{"keys", json::array{bound}}});
    EXPECT_EQ(keys.verify(Algorithm::rs256, "rsa-1", "x", IdToken::rsa().sign("x")),
              KeySet::Verdict::unknown_key);
}

}  // namespace
}  // namespace grover::user::oidc
