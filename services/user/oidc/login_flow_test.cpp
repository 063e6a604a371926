#include "user/oidc/login_flow.hpp"

#include <gtest/gtest.h>

#include "auth/token.hpp"
#include "user/oidc/web.hpp"

namespace grover::user::oidc {
namespace {

using namespace std::string_literals;

TEST(LoginFlow, ChallengeIsThatOfTheStandard) {
    // RFC 7636, appendix B.
    EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(LoginFlow, KeepsOnlyHashesOfWhatTheBrowserHolds) {
    auto const one = make_flow("x", "/", Timestamp{5});
    auto const two = make_flow("x", "/", Timestamp{5});
    EXPECT_EQ(one.flow.state_hash, auth::hash_token(one.state));
    EXPECT_EQ(one.flow.browser_hash, auth::hash_token(one.browser));
    EXPECT_NE(one.state, two.state);
    EXPECT_NE(one.browser, two.browser);
    EXPECT_NE(one.flow.nonce, two.flow.nonce);
    EXPECT_NE(one.flow.code_verifier, two.flow.code_verifier);
    EXPECT_GE(one.flow.code_verifier.size(), 43u);
    EXPECT_EQ(one.flow.expires_at, Timestamp{5} + login_flow_lifetime);
}

TEST(LoginFlow, GoesOnOnThisSiteOnly) {
    for (auto const& good : {"/"s, "/home"s, "/home?tab=1&x=%20"s, "/a/b#c"s})
        EXPECT_EQ(safe_return_to(good), good);
    for (auto const& bad :
         {""s, "home"s, "//evil.example"s, "///evil.example"s, "/\\evil.example"s,
          "https://evil.example"s, "javascript:alert(1)"s, "/a\r\nSet-Cookie: x=y"s, "/a b"s,
          "/\t/evil.example"s, "/\0"s, "/é"s, "/" + std::string(2000, 'a')})
        EXPECT_EQ(safe_return_to(bad), "/") << bad;
}

TEST(LoginFlow, AddsParameters) {
    EXPECT_EQ(with_parameter("/", "e", "a b"), "/?e=a%20b");
    EXPECT_EQ(with_parameter("/x?y=1", "e", "1"), "/x?y=1&e=1");
    EXPECT_EQ(with_parameter("/x#top", "e", "1"), "/x?e=1#top");
}

TEST(LoginFlow, FindsCookies) {
    EXPECT_EQ(cookie_value("a=1; b=2", "b"), "2");
    EXPECT_EQ(cookie_value("a=1;b=2", "a"), "1");
    EXPECT_EQ(cookie_value("  b=x=y  ", "b"), "x=y");
    EXPECT_EQ(cookie_value("bb=1; b", "b"), "");
    EXPECT_EQ(cookie_value("xb=1", "b"), "");
    EXPECT_EQ(cookie_value("", "b"), "");
    EXPECT_EQ(cookie_value(";;=;", "b"), "");
}

TEST(LoginFlow, CookiesStayHere) {
    EXPECT_EQ(host_cookie("__Host-x", "v", std::chrono::seconds(60)),
              "__Host-x=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
}

TEST(WebAddress, IsCutForTheClient) {
    auto const address = WebAddress::parse("https://id.example:8443/token?a=b", false);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->origin, "https://id.example:8443");
    EXPECT_EQ(address->target, "/token?a=b");
    EXPECT_EQ(WebAddress::parse("https://id.example", false)->target, "/");
    EXPECT_EQ(WebAddress::parse("http://127.0.0.1:9/x", true)->origin, "http://127.0.0.1:9");
    EXPECT_TRUE(WebAddress::parse("http://[::1]:9/", true));
    EXPECT_TRUE(WebAddress::parse("http://localhost:9/", true));
}

TEST(WebAddress, IsHttpsExceptOnLoopback) {
    for (auto const* bad :
         {"http://127.0.0.1/", "http://id.example/", "ftp://id.example/", "https://", "/token", "",
          "https://user@id.example/", "https://id.example/#x", "javascript:alert(1)", "https:id"})
        EXPECT_FALSE(WebAddress::parse(bad, false)) << bad;
    for (auto const* bad : {"http://id.example/", "http://127.0.0.1.example/", "http://10.0.0.1/"})
        EXPECT_FALSE(WebAddress::parse(bad, true)) << bad;
}

TEST(WebAddress, FormsAreEncoded) {
    EXPECT_EQ(encode_form({{"a b", "c&d=e"}, {"f", "ü+"}}), "a%20b=c%26d%3De&f=%C3%BC%2B");
}

}  // namespace
}  // namespace grover::user::oidc
