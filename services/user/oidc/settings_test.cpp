#include "user/oidc/settings.hpp"

#include <gtest/gtest.h>

#include "user/oidc/provider.hpp"

namespace grover::user::oidc {
namespace {

/// What is wrong with a value of OIDC_PROVIDERS; empty for nothing.
std::string fault(std::string value, bool insecure_loopback = false) {
    Environment env({{"OIDC_PROVIDERS", std::move(value)}});
    static_cast<void>(read_providers(env, insecure_loopback));
    try {
        env.check();
        return {};
    } catch (ConfigError const& e) {
        return e.what();
    }
}

TEST(ProviderSettings, AreRead) {
    Environment env(
        {{"OIDC_PROVIDERS",
          R"([{"id": "one", "name": "One", "issuer": "https://one.example", "client_id": "c", "client_secret": "s3cret"},)"
          R"( {"id": "two", "issuer": "https://two.example/x", "client_id": "d", "scope": "openid email"}])"}});
    auto const providers = read_providers(env, false);
    env.check();
    ASSERT_EQ(providers.size(), 2u);
    EXPECT_EQ(providers[0].name, "One");
    EXPECT_EQ(providers[0].client_secret.reveal(), "s3cret");
    EXPECT_EQ(providers[0].scope, "openid email profile");
    EXPECT_EQ(providers[1].name, "two");
    EXPECT_TRUE(providers[1].client_secret.empty());
    EXPECT_FALSE(env.print().contains("s3cret"));
}

TEST(ProviderSettings, AreOptional) {
    Environment env({});
    EXPECT_TRUE(read_providers(env, false).empty());
    EXPECT_EQ(fault("[]"), "");
}

TEST(ProviderSettings, AreCheckedAndNeverQuoted) {
    auto const entry = [](std::string const& more) {
        return R"([{"id": "x", "issuer": "https://x.example", "client_id": "c", "client_secret": "s3cret")" +
               more + "}]";
    };
    EXPECT_EQ(fault(entry("")), "");
    for (auto const& bad :
         {std::string("nonsense"), std::string("{}"), std::string("[7]"), std::string("[{}]"),
          entry(R"(, "id": 7)"), entry(R"(, "id": "A/B")"), entry(R"(, "id": "")"),
          entry(R"(, "issuer": "http://x.example")"), entry(R"(, "issuer": "https://x.example?a")"),
          entry(R"(, "issuer": "x.example")"), entry(R"(, "issuer": "http://127.0.0.1:9")"),
          entry(R"(, "scope": "email")"), entry(R"(, "client_secret_file": "/nowhere")"),
          std::string(R"([{"id": "x", "issuer": "https://x.example", "client_id": "c"},
                          {"id": "x", "issuer": "https://y.example", "client_id": "c"}])"),
          std::string(R"([{"id": "x", "issuer": "https://x.example", "client_id": "c",
                           "client_secret_file": "/nowhere/s3cret"}])")}) {
        auto const what = fault(bad);
        EXPECT_TRUE(what.contains("OIDC_PROVIDERS")) << bad;
        EXPECT_FALSE(what.contains("s3cret")) << what;
    }
    EXPECT_EQ(fault(entry(R"(, "issuer": "http://127.0.0.1:9")"), true), "");
    EXPECT_NE(fault(entry(R"(, "issuer": "http://x.example")"), true), "");
}

TEST(Metadata, IsTheIssuersOwn) {
    boost::json::object const good{{"issuer", "https://x.example"},
                                   {"authorization_endpoint", "https://x.example/auth"},
                                   {"token_endpoint", "https://x.example/token"},
                                   {"jwks_uri", "https://x.example/jwks"}};
    auto const parse = [](boost::json::object const& document) {
        return Metadata::parse(document, "https://x.example", false);
    };
    ASSERT_TRUE(parse(good));
    EXPECT_TRUE(parse(good)->basic_authentication);
    EXPECT_FALSE(parse(good)->sends_issuer);
    EXPECT_FALSE(parse(good)->userinfo_endpoint);
    auto const with = [&](std::string_view name, boost::json::value value) {
        auto document = good;
        document[name] = std::move(value);
        return document;
    };
    EXPECT_FALSE(parse(with("issuer", "https://evil.example")));
    EXPECT_FALSE(parse(with("issuer", nullptr)));
    EXPECT_FALSE(parse(with("token_endpoint", "http://x.example/token")));
    EXPECT_FALSE(parse(with("jwks_uri", 7)));
    EXPECT_FALSE(parse(with("authorization_endpoint", "javascript:alert(1)")));
    EXPECT_FALSE(parse({}));
    EXPECT_TRUE(parse(with("authorization_response_iss_parameter_supported", true))->sends_issuer);
    auto const post = boost::json::array{"client_secret_post"};
    EXPECT_FALSE(parse(with("token_endpoint_auth_methods_supported", post))->basic_authentication);
}

}  // namespace
}  // namespace grover::user::oidc
