#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "gateway/config/load.hpp"
#include "gateway/explain.hpp"
#include "gateway/stages/authorize.hpp"
#include "gateway/stages/client_address.hpp"
#include "gateway/stages/cors.hpp"

namespace grover::gateway {
namespace {

TEST(Cors, AllowsTheOriginsOfItsListAndNoOther) {
    Cors const cors({.origins = {"https://app.example", "https://*.grover.example:8443"}});
    for (auto const* origin : {"https://app.example", "https://a.grover.example:8443",
                               "https://a.b.grover.example:8443"})
        EXPECT_TRUE(cors.allows(origin)) << origin;
    for (auto const* origin :
         {"", "null", "http://app.example", "https://app.example:444", "https://app.example.evil",
          "https://evil-app.example", "https://grover.example:8443", "https://.grover.example:8443",
          "https://evil.example/.grover.example:8443", "https://x@y.grover.example:8443",
          "https://a.grover.example", "HTTPS://APP.EXAMPLE"})
        EXPECT_FALSE(cors.allows(origin)) << origin;
    EXPECT_TRUE(Cors({}).off());
}

std::string client_of(std::vector<std::string> const& trusted, std::string_view peer,
                      std::string_view fields) {
    auto const text = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
    http::RequestParser parser;
    EXPECT_EQ(parser.parse(text), http::HeadState::complete);
    return std::string(TrustedProxies(trusted).client_of(peer, parser.head()));
}

TEST(TrustedProxies, OnlyAProxyOfOursSpeaksForAnother) {
    std::vector<std::string> const ours{"10.0.0.0/8", "unix"};
    EXPECT_EQ(client_of({}, "1.1.1.1", "X-Forwarded-For: 2.2.2.2\r\n"), "1.1.1.1");
    EXPECT_EQ(client_of(ours, "1.1.1.1", "X-Forwarded-For: 2.2.2.2\r\n"), "1.1.1.1");
    EXPECT_EQ(client_of(ours, "10.0.0.1", "X-Forwarded-For: 2.2.2.2\r\n"), "2.2.2.2");
    EXPECT_EQ(client_of(ours, "unix", "X-Forwarded-For: ::1\r\n"), "::1");
    EXPECT_EQ(client_of(ours, "10.0.0.1", ""), "10.0.0.1");
    // What the client wrote itself stands left of what our proxies added.
    EXPECT_EQ(client_of(ours, "10.0.0.1", "X-Forwarded-For: 9.9.9.9, 2.2.2.2, 10.0.0.2\r\n"),
              "2.2.2.2");
    EXPECT_EQ(
        client_of(ours, "10.0.0.1", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 2.2.2.2\r\n"),
        "2.2.2.2");
    EXPECT_EQ(client_of(ours, "10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n"), "10.0.0.3");
}

TEST(TrustedProxies, AListThatIsNotOneOfAddressesEndsWhereItIsBroken) {
    std::vector<std::string> const ours{"10.0.0.0/8"};
    for (auto const* list : {"unknown", "2.2.2.2:80", "2.2.2.2,", "_hidden", "[::1]"})
        EXPECT_EQ(client_of(ours, "10.0.0.1", "X-Forwarded-For: " + std::string(list) + "\r\n"),
                  "10.0.0.1")
            << list;
    EXPECT_EQ(client_of(ours, "10.0.0.1", "X-Forwarded-For: 1.1.1.1, what, 10.0.0.2\r\n"),
              "10.0.0.2");
}

Access::Verdict verdict(AccessSettings const& access, std::vector<auth::Role> const& roles) {
    AuthorizationSettings const authorization{.roles = {{auth::Role::user, {"read"}},
                                                        {auth::Role::moderator, {"moderate"}},
                                                        {auth::Role::admin, {"*"}}}};
    auth::Caller caller;
    caller.roles = roles;
    return Access(access, authorization).of(&caller);
}

TEST(Access, AsksForOneOfTheRolesAndAllOfTheScopes) {
    using enum auth::Role;
    using enum Access::Verdict;
    EXPECT_EQ(verdict({}, {}), allowed);
    EXPECT_EQ(verdict({.login = true}, {}), allowed);
    EXPECT_EQ(verdict({.roles = {moderator, admin}}, {user}), forbidden);
    EXPECT_EQ(verdict({.roles = {moderator, admin}}, {user, moderator}), allowed);
    EXPECT_EQ(verdict({.scopes = {"read", "moderate"}}, {user}), forbidden);
    EXPECT_EQ(verdict({.scopes = {"read", "moderate"}}, {moderator}), forbidden);
    EXPECT_EQ(verdict({.scopes = {"read", "moderate"}}, {user, moderator}), allowed);
    EXPECT_EQ(verdict({.scopes = {"anything"}}, {admin}), allowed);
    EXPECT_EQ(verdict({.roles = {user}, .scopes = {"moderate"}}, {moderator}), forbidden);
    EXPECT_EQ(Access({.login = true}, {}).of(nullptr), login_needed);
    EXPECT_EQ(Access({.scopes = {"read"}}, {}).of(nullptr), login_needed);
    EXPECT_EQ(Access({}, {}).of(nullptr), allowed);
}

/// Who may use which route is reviewed where it changes: access_table.md is committed.
/// ./grover openapi writes it anew.
TEST(Access, TheShippedTableOfEveryRouteAndRoleIsTheCommittedOne) {
    telemetry::Metrics metrics;
    Snapshot const snapshot(parse_config(Source::of(default_config_file())), 1, metrics);
    std::ifstream in(GROVER_ROOT "/services/gateway/access_table.md");
    std::ostringstream committed;
    committed << in.rdbuf();
    EXPECT_EQ(access_table(snapshot), committed.str());
}

}  // namespace
}  // namespace grover::gateway
