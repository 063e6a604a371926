#include <gtest/gtest.h>

#include "auth/digest.hpp"
#include "auth/identity.hpp"
#include "auth/password.hpp"
#include "auth/token.hpp"
#include "base/config.hpp"
#include "base/encoding.hpp"

namespace grover::auth {
namespace {

constexpr Timestamp now{1'700'000'000'000};

Caller sample() {
    return {UserId::trusted("user_1"), SessionId::trusted("sess_1"), {Role::user, Role::admin}};
}

class IdentityTest : public testing::Test {
protected:
    IdentitySigner signer{Secret(std::string(32, 'k'))};
};

TEST_F(IdentityTest, ACallerSurvivesTheJourney) {
    auto const identity = signer.verify(signer.sign(sample(), now), now);
    ASSERT_TRUE(identity && identity->caller);
    EXPECT_EQ(identity->caller->user_id.str(), "user_1");
    EXPECT_TRUE(identity->caller->can_moderate());
    EXPECT_FALSE(identity->service);
    EXPECT_FALSE(identity->rejected);
}

TEST_F(IdentityTest, AServiceIsNotACallerAndTheOtherWayRound) {
    auto const service = signer.verify(signer.sign(Service{"post-service"}, now), now);
    ASSERT_TRUE(service && service->service);
    EXPECT_EQ(service->service->name, "post-service");
    EXPECT_FALSE(service->caller);
    EXPECT_FALSE(signer.verify(signer.sign(sample(), now), now)->service);
    auto const rejected = signer.verify(signer.sign_rejected(now), now);
    ASSERT_TRUE(rejected);
    EXPECT_TRUE(rejected->rejected);
    EXPECT_FALSE(rejected->caller || rejected->service);
}

TEST_F(IdentityTest, AnyChangedCharacterIsFound) {
    auto const good = signer.sign(sample(), now);
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(signer.verify(changed, now)) << i;
    }
}

TEST_F(IdentityTest, OldForeignAndMisshapenOnesAreRefused) {
    auto const good = signer.sign(sample(), now);
    EXPECT_TRUE(signer.verify(good, now + std::chrono::seconds(59)));
    EXPECT_FALSE(signer.verify(good, now + std::chrono::seconds(60)));
    IdentitySigner const other{Secret(std::string(32, 'x'))};
    EXPECT_FALSE(other.verify(good, now));
    for (std::string const& text :
         {std::string(), std::string("."), std::string("a.b"), good + ".", "." + good,
          good.substr(0, good.find('.')), good + " ", std::string(10'000, 'a')})
        EXPECT_FALSE(signer.verify(text, now)) << text;
}

TEST_F(IdentityTest, AShortKeyStopsTheStart) {
    EXPECT_THROW(IdentitySigner{Secret("short")}, ConfigError);
    EXPECT_THROW(IdentitySigner{Secret{}}, ConfigError);
}

TEST(Digest, KnownAnswers) {
    // FIPS 180-4, "abc"; RFC 4231 test case 2.
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, EncryptionIsAuthenticated) {
    std::string const key(32, 'k'), plain("session_token and more");
    auto const sealed = encrypt(key, plain);
    EXPECT_EQ(decrypt(key, sealed), plain);
    EXPECT_NE(encrypt(key, plain), sealed) << "nonces must differ";
    EXPECT_EQ(decrypt(key, encrypt(key, "")), "");
    EXPECT_FALSE(decrypt(std::string(32, 'x'), sealed));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(decrypt(key, changed)) << i;
    }
    EXPECT_FALSE(decrypt(key, ""));
    EXPECT_FALSE(decrypt(key, sealed.substr(0, 27)));
}

TEST(Password, OnlyTheRightOneFits) {
    auto const hash = hash_password("correct horse");
    EXPECT_EQ(hash.find("$argon2id$v=19$m=19456,t=2,p=1$"), 0u) << hash;
    EXPECT_TRUE(verify_password(hash, "correct horse"));
    EXPECT_FALSE(verify_password(hash, "correct horsf"));
    EXPECT_FALSE(verify_password(hash, ""));
    EXPECT_FALSE(verify_password("not a hash", "correct horse"));
    EXPECT_FALSE(verify_password("", ""));
    EXPECT_NE(hash_password("correct horse"), hash) << "salts must differ";
}

TEST(Token, HasTheEntropyOfItsLengthAndIsStoredHashed) {
    auto const token = make_token();
    EXPECT_EQ(token.size(), 43u);
    EXPECT_NE(make_token(), token);
    EXPECT_EQ(hash_token(token).size(), 64u);
    EXPECT_EQ(hash_token(token).find(token), std::string::npos);
}

TEST(Token, BearerSyntaxIsStrict) {
    EXPECT_EQ(bearer_token("Bearer abc"), "abc");
    EXPECT_EQ(bearer_token("bearer abc"), "abc");
    EXPECT_EQ(bearer_token("BEARER  abc"), "abc");
    for (std::string const& text :
         {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Basic abc"),
          std::string("Bearer a b"), std::string("Bearer a,b"), std::string("Bearer\tabc"),
          std::string("Bearer \x01"), "Bearer " + std::string(513, 'a'), std::string("Bearerabc")})
        EXPECT_FALSE(bearer_token(text)) << text;
}

}  // namespace
}  // namespace grover::auth
