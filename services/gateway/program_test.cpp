// The gateway over the wire, before services that tests make up. One file, on one fixture.
#include "gateway/program.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "auth/session_protocol.hpp"
#include "auth/token.hpp"
#include "net/async.hpp"
#include "testing/served.hpp"
#include "testing/server_fixture.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;
using testing::RawReply;

/// Says what it was asked, as JSON, and what it is called.
http::Handler echo(std::string name) {
    return [name](http::Request& request) -> net::Task<http::Response> {
        json::object fields;
        for (auto const& [field, value] : request.headers.all()) fields[field] = value;
        auto response =
            http::Response::json(200, json::serialize(json::object{{"service", name},
                                                                   {"method", request.method},
                                                                   {"target", request.target},
                                                                   {"body", request.body},
                                                                   {"fields", std::move(fields)}}));
        response.headers.add("X-From", name);
        co_return response;
    };
}

/// The user service's part in sessions: the token "admin-..." is an admin's and so on, "user-..."
/// the user's of that name.
http::Handler users() {
    return [](http::Request& request) -> net::Task<http::Response> {
        if (request.path == "/internal/sessions/revoked")
            co_return http::Response::json(200, reflect::to_json(auth::Revocations{"1", {}}));
        if (request.path != "/internal/sessions/verify") co_return co_await echo("user")(request);
        auto const hash = reflect::from_json<auth::SessionLookup>(request.body).token_hash;
        if (auth::hash_token("slow-1") == hash) co_await net::pause(std::chrono::seconds(15));
        if (auth::hash_token("odd-1") == hash) throw Error(ErrorCode::conflict, "not for clients");
        for (auto const* name : {"user-1", "user-2", "moderator-1", "admin-1"}) {
            if (auth::hash_token(name) != hash) continue;
            std::string_view const text(name);
            auto const role = reflect::enum_from<auth::Role>(text.substr(0, text.find('-')));
            co_return http::Response::json(
                200, reflect::to_json(auth::Session{auth::UserId::trusted(std::string(name)),
                                                    auth::SessionId::trusted("sess_1"),
                                                    {*role},
                                                    system_now() + std::chrono::hours(1)}));
        }
        throw Error(ErrorCode::not_found, "no such session");
    };
}

std::string bearer(std::string_view token) {
    return "Authorization: Bearer " + std::string(token) + "\r\n";
}

class Gateway : public ::testing::Test {
protected:
    /// Starts it with a file: the services of the test, and `rest`.
    testing::Served<Program>& start(std::string const& rest,
                                    std::map<std::string, std::string> variables = {}) {
        write(rest);
        variables.emplace("GATEWAY_CONFIG", file());
        served_ = std::make_unique<testing::Served<Program>>(std::move(variables));
        return *served_;
    }
    void write(std::string const& rest) {
        std::ofstream(file()) << "services:\n  user: {instances: ['" << user_.origin()
                              << "']}\n  post: {instances: ['" << post_.origin()
                              << "']}\n  next: {instances: ['" << next_.origin()
                              << "']}\n  none: {}\n"
                              << rest;
    }
    std::string file() const { return (folder_.path() / "gateway.yaml").string(); }
    static json::object said(RawReply const& reply) {
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.status == 200 ? json::parse(reply.body).as_object() : json::object();
    }
    static std::string service(RawReply const& reply) {
        return std::string(reply.headers.get("X-From"));
    }

    testing::TemporaryFolder folder_;
    testing::StandIn user_{users()}, post_{echo("post")}, next_{echo("next")};
    std::unique_ptr<testing::Served<Program>> served_;
};

TEST_F(Gateway, RoutesByTheConfiguration) {
    auto& gateway = start(
        "routes:\n  - {path: /api/posts/**, service: post}\n"
        "  - {path: '/api/users/{id}', service: user, methods: [GET]}\n"
        "  - {path: /api/none, service: none}\n");
    EXPECT_EQ(service(gateway.get("/api/posts/1?x=%20y")), "post");
    EXPECT_EQ(said(gateway.get("/api/posts/1?x=%20y")).at("target").as_string(),
              "/api/posts/1?x=%20y");
    EXPECT_EQ(service(gateway.get("/api/users/1")), "user");
    auto const refused = gateway.send("DELETE", "/api/users/1");
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.headers.get("Allow"), "GET, HEAD");
    EXPECT_EQ(gateway.get("/api/none").status, 503);
    EXPECT_EQ(gateway.get("/api/other").status, 404);
}

TEST_F(Gateway, APathHasOneMeaning) {
    auto& gateway = start(
        "routes:\n  - {path: /n/**, service: post}\n"
        "  - {path: /mod/**, service: post, access: {roles: [admin]}}\n"
        "  - {path: '/old/{id}', service: post, request: {path: '/new/{id}'}}\n");
    EXPECT_EQ(gateway.get("/mod/x").status, 401);
    EXPECT_EQ(gateway.get("/%6dod/x").status, 401);
    for (auto const* path :
         {"/n/../mod/x", "/n/%2e%2e/mod/x", "/n/..;/mod/x", "/n//mod/x", "/n/..%2fmod/x",
          "/n/..%5cmod/x", "/n/..\\mod/x", "/n/%zz", "/n/a%2fb", "/old/..", "/old/%2e",
          "/old/a%2fb", "//n/x", "/../x", "/health/../n/x"}) {
        auto const reply = gateway.get(path);
        EXPECT_EQ(reply.status, 400) << path;
        EXPECT_EQ(json::parse(reply.body).at("code").as_string(), "malformed_request") << path;
    }
    EXPECT_EQ(said(gateway.get("/n/a.b/..c/?x=../y")).at("target").as_string(),
              "/n/a.b/..c/?x=../y");
    EXPECT_EQ(said(gateway.get("/ol%64/7%5F")).at("target").as_string(), "/new/7%5F");
}

TEST_F(Gateway, ABodyForNobodyIsNotAskedFor) {
    auto& gateway = start("routes: [{path: /a, service: post}]\n");
    for (auto const* path : {"/nope", "/api/nope", "/%6eope"}) {
        testing::RawClient client(gateway.port());
        client.send("POST " + std::string(path) +
                    " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        auto const reply = client.read_reply();
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_TRUE(reply.body.contains("no such resource")) << reply.body;
    }
    EXPECT_EQ(gateway.send("POST", "/nope").status, 404);
}

TEST_F(Gateway, TraceGoesToNobody) {
    auto& gateway = start("routes: [{path: /a, service: post}]\n");
    auto const reply = gateway.send("TRACE", "/a", bearer("user-1"));
    EXPECT_EQ(reply.status, 405);
    EXPECT_TRUE(reply.headers.get("Allow").contains("GET"));
    EXPECT_EQ(reply.body.find("user-1"), std::string::npos);
    EXPECT_EQ(service(gateway.send("BREW", "/a")), "post");
}

TEST_F(Gateway, ARouteMayHaveAnAnswerWithoutItsService) {
    auto& gateway = start(
        "routes:\n  - {path: /a, service: none, fallback: {status: 200, body: '[]'}}\n"
        "  - {path: /b, service: none, access: {login: true}}\n"
        "  - {path: /c, service: none, access: {login: true}, fallback: {body: '[]'}}\n");
    auto const instead = gateway.get("/a");
    EXPECT_EQ(instead.status, 200);
    EXPECT_EQ(instead.body, "[]");
    EXPECT_EQ(gateway.get("/c").status, 401);
    auto const missing = gateway.get("/b");
    EXPECT_EQ(missing.status, 503);
    EXPECT_EQ(missing.headers.get("Retry-After"), "30");
    EXPECT_TRUE(missing.body.contains("the none service is not running"));
}

TEST_F(Gateway, ARouteForEverythingLeavesItsOwnPages) {
    auto& gateway = start("routes: [{path: /**, service: post}]\n");
    for (auto const* path : {"/", "/index.html", "/healthy", "/docs.txt", "/metrics/x"})
        EXPECT_EQ(service(gateway.get(path)), "post") << path;
    for (auto const* path : {"/health", "/health/ready", "/metrics", "/health/nothing"})
        EXPECT_EQ(service(gateway.get(path)), "") << path;
}

TEST_F(Gateway, AClientThatLeavesKeepsNoProbeOfABreaker) {
    std::atomic<bool> fails{true};
    testing::StandIn flaky([&](http::Request&) -> net::Task<http::Response> {
        co_return http::Response::json(fails ? 500 : 200, "{}");
    });
    auto& gateway = start("  flaky: {instances: ['" + flaky.origin() +
                          "'], breaker: {min_calls: 2, open_time: 1ms, open_time_max: 1ms, probes: "
                          "1}, retries: {tries_max: 1}, outliers: {enabled: false}}\n"
                          "routes: [{path: /api/flaky, service: flaky}]\n");
    for (int i = 0; i < 3; ++i) gateway.get("/api/flaky");
    // Each may be the one probe; its body never comes.
    for (int i = 0; i < 20; ++i) {
        testing::RawClient client(gateway.port());
        client.send("POST /api/flaky HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
        testing::run_on(gateway.kit().loops().at(0),
                        []() -> net::Task<> { co_await net::pause(std::chrono::milliseconds(2)); });
    }
    fails = false;
    EXPECT_TRUE(testing::eventually([&] { return gateway.get("/api/flaky").status == 200; }));
}

TEST_F(Gateway, NoSpellingOfItsOwnFieldsComesFromAClient) {
    auto& gateway = start("routes: [{path: /api/a, service: post}]\n");
    auto const reply = said(gateway.get(
        "/api/a",
        "x_grover_identity: forged\r\nX-Grover_Identity: forged\r\nX-Grover-Role: admin\r\n"
        "X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Prefix: /evil\r\nX_Request_ID: forged\r\n"
        "x-request_deadline-ms: 1\r\nTrace_parent: kept\r\nX_Client: kept\r\n"));
    std::set<std::string> foreign;
    for (auto const& [name, value] : reply.at("fields").as_object()) {
        if (name.find('_') != name.npos) foreign.emplace(name);
        EXPECT_NE(name, "X-Grover-Role");
        EXPECT_NE(name, "X-Forwarded-Prefix");
        EXPECT_NE(value.as_string(), "forged") << name;
    }
    EXPECT_EQ(foreign, (std::set<std::string>{"Trace_parent", "X_Client"}));
}

TEST_F(Gateway, ATokenThatIsNotValidIsToldToTheService) {
    auto& gateway = start(
        "routes: [{path: /api/a, service: post}, {path: /b, answer: {}},\n"
        "         {path: /c, service: post, access: {login: true}}]\n");
    auto const fields = [&](std::string const& more) {
        return said(gateway.get("/api/a", more)).at("fields").as_object();
    };
    EXPECT_FALSE(fields("").contains("X-Grover-Identity"));
    EXPECT_TRUE(fields(bearer("expired")).contains("X-Grover-Identity"));
    EXPECT_EQ(gateway.get("/b", bearer("expired")).status, 200);
    auto const refused = gateway.get("/c", bearer("expired"));
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.headers.get("WWW-Authenticate"), "Bearer");
}

TEST_F(Gateway, AnUploadThatReachedNobodyGoesToAnother) {
    std::string gone;
    {
        testing::StandIn const instance{echo("gone")};
        gone = instance.origin();
    }
    auto& gateway =
        start("  half: {balance: round_robin, instances: ['" + gone + "', '" + post_.origin() +
              "'], health: {enabled: false}, outliers: {enabled: false}}\n"
              "routes: [{path: /a, service: half}]\n");
    for (int i = 0; i < 6; ++i) {
        testing::RawClient client(gateway.port());
        client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
        testing::run_on(gateway.kit().loops().at(0), []() -> net::Task<> {
            co_await net::pause(std::chrono::milliseconds(20));
        });
        client.send("cde");
        EXPECT_EQ(said(client.read_reply()).at("body").as_string(), "abcde");
    }
}

TEST_F(Gateway, ASlowClientDoesNotMakeItsServiceSlow) {
    auto& gateway = start("  prompt: {instances: ['" + post_.origin() +
                          "'], breaker: {slow_call: 100ms, slow_ratio: 0.9, min_calls: 3, "
                          "open_time: 1m, open_time_max: 1m}}\n"
                          "routes: [{path: /a, service: prompt}]\n");
    for (int i = 0; i < 4; ++i) {
        testing::RawClient client(gateway.port());
        client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
        testing::run_on(gateway.kit().loops().at(0), []() -> net::Task<> {
            co_await net::pause(std::chrono::milliseconds(500));
        });
        client.send("cde");
        EXPECT_EQ(said(client.read_reply()).at("body").as_string(), "abcde");
    }
}

TEST_F(Gateway, AReloadChangesTheRulesAndKeepsConnections) {
    auto& gateway = start("routes: [{path: /api/a, service: post}]\n");
    testing::RawClient client(gateway.port());
    auto const ask = [&] {
        client.send("GET /api/a HTTP/1.1\r\nHost: h\r\n\r\n");
        return service(client.read_reply());
    };
    EXPECT_EQ(ask(), "post");
    write("routes: [{path: /api/a, service: user}]\n");
    gateway.reload();
    EXPECT_TRUE(testing::eventually([&] { return ask() == "user"; }));
    write("routes: [{path: /api/a, service: nobody}]\n");
    gateway.reload();
    EXPECT_EQ(ask(), "user");
    EXPECT_TRUE(gateway.metrics().print().contains(
        "gateway_configuration_reloads_total{result=\"refused\"} 1"));
}

TEST_F(Gateway, AFileThatIsStillBeingWrittenIsNotTaken) {
    auto& gateway = start("routes: [{path: /api/a, service: post}]\n");
    auto const look = [&] { gateway.reload(service::Kit::Reload::if_changed); };
    auto const status = [&] { return gateway.get("/api/b").status; };
    look();
    for (auto const* rest : {"routes:\n  - {path: /api/a, service: post}\n",
                             "routes:\n  - {path: /api/a, service: post}\n  - {path: /api/b, "
                             "service: post}\n"}) {
        write(rest);
        look();
        EXPECT_EQ(status(), 404) << rest;
    }
    look();
    EXPECT_TRUE(testing::eventually([&] { return status() == 200; }));
    EXPECT_TRUE(gateway.metrics().print().contains(
        "gateway_configuration_reloads_total{result=\"accepted\"} 1"));
}

constexpr std::string_view limited = R"(
routes:
  - {path: /api/a, service: post}
  - {path: /api/login, service: post, limits: [login]}
rate_limits:
  limits:
    user: {by: [user], quota: 3, window: 1h}
    login: {by: [ip, route], quota: 2, window: 1h}
  everywhere: [user]
)";

TEST_F(Gateway, LimitsSayWhereOneStandsAndWhenToComeAgain) {
    auto& gateway = start(std::string(limited));
    auto const first = gateway.get("/api/login");
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.headers.get("RateLimit-Policy"), "\"login\";q=2;w=3600");
    EXPECT_EQ(first.headers.get("RateLimit"), "\"login\";r=1;t=1800");
    EXPECT_EQ(gateway.get("/api/login").status, 200);
    auto const refused = gateway.get("/api/login");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers.get("Retry-After"), "1800");
    EXPECT_EQ(refused.headers.get("RateLimit"), "\"login\";r=0;t=1800");
    EXPECT_EQ(json::parse(refused.body).at("code").as_string(), "rate_limited");
    EXPECT_TRUE(gateway.get("/api/a").headers.get("RateLimit").empty());  // nobody, no limit
}

TEST_F(Gateway, LimitsCountEachUserAndGiveBackWhatWasRefused) {
    auto& gateway = start(std::string(limited));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(gateway.get("/api/a", bearer("user-1")).status, 200);
    EXPECT_EQ(gateway.get("/api/a", bearer("user-1")).status, 429);
    EXPECT_EQ(gateway.get("/api/a", bearer("user-2")).status, 200);
    // Refused for the user, so it does not count for the address either.
    EXPECT_EQ(gateway.get("/api/login", bearer("user-1")).status, 429);
    EXPECT_EQ(gateway.get("/api/login").status, 200);
    EXPECT_EQ(gateway.get("/api/login").status, 200);
    EXPECT_EQ(gateway.get("/api/login").status, 429);
}

TEST_F(Gateway, LimitsShowInEveryAnswerAndCountWhatIsNotThere) {
    auto& gateway = start(R"(
routes:
  - {path: /api/a, service: post, methods: [GET]}
  - {path: /api/none, service: none}
  - {path: /api/members, service: post, access: {login: true}}
rate_limits:
  limits:
    address: {by: [ip], quota: 6, window: 1h}
  everywhere: [address]
)");
    std::vector<std::pair<int, RawReply>> const replies{
        {200, gateway.get("/api/a")},       {405, gateway.send("DELETE", "/api/a")},
        {503, gateway.get("/api/none")},    {401, gateway.get("/api/members")},
        {404, gateway.get("/api/nothing")}, {404, gateway.get("/nothing")},
        {429, gateway.get("/nothing")},     {429, gateway.get("/api/a")}};
    int left = 6;
    for (auto const& [status, reply] : replies) {
        left = std::max(left - 1, 0);
        EXPECT_EQ(reply.status, status) << reply.body;
        EXPECT_TRUE(reply.headers.get("RateLimit")
                        .starts_with("\"address\";r=" + std::to_string(left) + ";t="))
            << reply.headers.get("RateLimit");
        EXPECT_EQ(reply.headers.get("RateLimit-Policy"), "\"address\";q=6;w=3600");
    }
    EXPECT_NE(gateway.get("/health").status, 429);
}

TEST_F(Gateway, LimitsCountWhateverTheyAreBy) {
    auto& gateway = start(R"(
routes: [{path: /api/a, service: post}, {path: /api/b, service: post, limits: [both]}]
rate_limits:
  limits:
    key: {by: [api_key], quota: 2, window: 1h}
    both: {by: [user, api_key], quota: 1, window: 1h}
  everywhere: [key]
)");
    auto const status = [&](std::string_view path, std::string_view key) {
        return gateway.get(path, bearer("user-1") + "X-API-Key: " + std::string(key) + "\r\n")
            .status;
    };
    EXPECT_EQ(status("/api/b", "one"), 200);
    EXPECT_EQ(status("/api/b", "one"), 429);
    EXPECT_EQ(status("/api/b", "two"), 200);
    EXPECT_EQ(status("/api/nothing", "two"), 404);
    EXPECT_EQ(status("/api/nothing", "two"), 429);
    EXPECT_EQ(status("/api/nothing", "three"), 404);
}

TEST_F(Gateway, ALimitOfUserAndKeyNeedsNoOther) {
    auto& gateway = start(R"(
routes: [{path: /api/b, service: post, limits: [both]}]
rate_limits: {limits: {both: {by: [user, api_key], quota: 1, window: 1h}}, everywhere: []}
)");
    auto const fields = bearer("user-1") + "X-API-Key: one\r\n";
    EXPECT_EQ(gateway.get("/api/b", fields).status, 200);
    EXPECT_EQ(gateway.get("/api/b", fields).status, 429);
}

TEST_F(Gateway, LimitsCountWhatTheGatewayRefusesItself) {
    auto& gateway = start(R"(
routes: [{path: /api/a, service: post}]
rate_limits: {limits: {address: {by: [ip], quota: 4, window: 1h}}, everywhere: [address]}
)",
                          {{"ALLOWED_ORIGINS", "https://app.example"}});
    std::string const preflight =
        "Origin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n";
    EXPECT_EQ(gateway.get("/api/../a").status, 400);
    EXPECT_EQ(gateway.get("/api//a").headers.get("RateLimit"), "\"address\";r=2;t=1800");
    EXPECT_EQ(gateway.send("OPTIONS", "/api/a", preflight).status, 204);
    EXPECT_EQ(gateway.send("OPTIONS", "/api/nothing", preflight).status, 404);
    EXPECT_EQ(gateway.send("OPTIONS", "/api/a", preflight).status, 429);
    EXPECT_EQ(gateway.get("/api/../a").status, 429);
}

TEST_F(Gateway, LimitsCanBeSwitchedOff) {
    auto& gateway = start(std::string(limited), {{"RATE_LIMIT", "off"}});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(gateway.get("/api/login").status, 200);
}

TEST_F(Gateway, LimitsLetExemptAddressesPass) {
    auto& gateway = start(std::string(limited) +
                          "  exempt: [10.0.0.0/8]\nclients: {trusted_proxies: [127.0.0.1]}\n");
    auto const from = [&](std::string_view address) {
        return gateway.get("/api/login", "X-Forwarded-For: " + std::string(address) + "\r\n");
    };
    for (int i = 0; i < 4; ++i) {
        auto const reply = from("10.1.2.3");
        EXPECT_EQ(reply.status, 200);
        EXPECT_FALSE(reply.headers.contains("RateLimit"));
    }
    for (int i = 0; i < 2; ++i) EXPECT_EQ(from("11.1.2.3").status, 200);
    EXPECT_EQ(from("11.1.2.3").status, 429);
}

TEST_F(Gateway, AProxyOfOursSpeaksForItsClients) {
    auto& gateway = start(std::string(limited) + "clients: {trusted_proxies: [127.0.0.1]}\n");
    auto const from = [](std::string_view address) {
        return "X-Forwarded-For: " + std::string(address) + "\r\n";
    };
    for (int i = 0; i < 2; ++i) EXPECT_EQ(gateway.get("/api/login", from("1.1.1.1")).status, 200);
    EXPECT_EQ(gateway.get("/api/login", from("1.1.1.1")).status, 429);
    auto const other = said(gateway.get("/api/login", from("2.2.2.2")));
    EXPECT_EQ(other.at("fields").at("X-Forwarded-For").as_string(), "2.2.2.2");
    // The addresses of one IPv6 network are one client.
    for (auto const* address : {"2001:db8:1:2::1", "2001:0DB8:1:2:3::4"})
        EXPECT_EQ(gateway.get("/api/login", from(address)).status, 200);
    EXPECT_EQ(gateway.get("/api/login", from("2001:db8:1:2:ffff::")).status, 429);
    // Zeros that are left out are there.
    for (auto const* address : {"2001:db8::1", "2001:db8::2:0:0:0", "::1", "::2:0:0:0"})
        EXPECT_EQ(gateway.get("/api/login", from(address)).status, 200) << address;
    EXPECT_EQ(gateway.get("/api/login", from("2001:db8::1:2:3:4")).status, 429);
    EXPECT_EQ(gateway.get("/api/login", from("2001:db8:0:1::1")).status, 200);
    EXPECT_EQ(gateway.get("/api/login", from("::ffff:1.1.1.1")).status, 429);
}

TEST_F(Gateway, AnswersPagesOfTheAllowList) {
    auto& gateway = start(
        "routes: [{path: /api/a, service: post}, {path: /api/none, service: none},\n"
        "         {path: /api/one, service: post, methods: [GET]}]\n",
        {{"ALLOWED_ORIGINS", "https://app.example"}});
    std::string const page = "Origin: https://app.example\r\n",
                      other = "Origin: https://x.example\r\n";
    std::string const asks = "Access-Control-Request-Method: PUT\r\n";
    auto const preflight = gateway.send("OPTIONS", "/api/a", page + asks);
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_TRUE(preflight.headers.get("Access-Control-Allow-Methods").contains("PUT"));
    EXPECT_EQ(preflight.headers.get("Access-Control-Max-Age"), "600");
    auto const refused = gateway.send("OPTIONS", "/api/a", other + asks);
    EXPECT_EQ(refused.status, 403);
    EXPECT_FALSE(refused.headers.contains("Access-Control-Allow-Origin"));
    EXPECT_EQ(service(gateway.send("OPTIONS", "/api/a", page)), "post");  // no preflight

    auto const answer = gateway.get("/api/a", page);
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(answer.headers.get("Vary"), "Origin");
    // Problems can be read by the page too; other pages get nothing.
    EXPECT_EQ(gateway.get("/api/none", page).headers.get("Access-Control-Allow-Origin"),
              "https://app.example");
    EXPECT_FALSE(gateway.get("/api/a", other).headers.contains("Access-Control-Allow-Origin"));
    for (auto const& [method, path, status] : {std::tuple("DELETE", "/api/one", 405),
                                               {"GET", "/api/nothing", 404},
                                               {"GET", "/a//b", 400}}) {
        auto const problem = gateway.send(method, path, page);
        EXPECT_EQ(problem.status, status);
        EXPECT_EQ(problem.headers.get("Access-Control-Allow-Origin"), "https://app.example")
            << path;
    }
}

TEST_F(Gateway, AServiceHasNoSayInWhichPagesMayCall) {
    testing::StandIn const open([](http::Request&) -> net::Task<http::Response> {
        auto response = http::Response::json(200, "{}");
        for (auto const* name : {"Access-Control-Allow-Origin", "Access-Control-Allow-Methods"})
            response.headers.add(name, "*");
        response.headers.add("Cache-Control", "public, max-age=60");
        co_return response;
    });
    auto const rest = "  open: {instances: ['" + open.origin() + "']}\nroutes:\n" +
                      "  - {path: /a, service: open}\n  - {path: /b, service: open, cache: {}}\n";
    std::string const page = "Origin: https://app.example\r\n";
    auto& gateway = start(rest, {{"ALLOWED_ORIGINS", "https://app.example"}});
    for (auto const* path : {"/a", "/b", "/b"}) {
        auto const reply = gateway.get(path, page);
        EXPECT_EQ(reply.headers.get("Access-Control-Allow-Origin"), "https://app.example") << path;
        EXPECT_EQ(reply.headers.count("Access-Control-Allow-Origin"), 1u) << path;
        EXPECT_FALSE(reply.headers.contains("Access-Control-Allow-Methods")) << path;
        auto const other = gateway.get(path, "Origin: https://x.example\r\n");
        EXPECT_FALSE(other.headers.contains("Access-Control-Allow-Origin")) << path;
    }
    auto& without = start(rest);  // the services' own business
    EXPECT_EQ(without.get("/a", page).headers.get("Access-Control-Allow-Origin"), "*");
}

constexpr std::string_view guarded = R"(
routes:
  - {path: /api/members, service: post, access: {login: true}}
  - {path: /api/moderation, service: post, access: {roles: [moderator, admin]}}
  - {path: /api/shadow, service: post, access: {roles: [admin], shadow: true}}
)";

TEST_F(Gateway, LetsThoseInWhoMay) {
    auto& gateway = start(std::string(guarded));
    auto const status = [&](std::string_view path, std::string_view token) {
        return gateway.get(path, token.empty() ? "" : bearer(token)).status;
    };
    EXPECT_EQ(status("/api/members", ""), 401);
    EXPECT_EQ(status("/api/members", "wrong"), 401);
    EXPECT_EQ(status("/api/members", "user-1"), 200);
    EXPECT_EQ(status("/api/moderation", ""), 401);
    EXPECT_EQ(status("/api/moderation", "user-1"), 403);
    EXPECT_EQ(status("/api/moderation", "moderator-1"), 200);
    EXPECT_EQ(status("/api/moderation", "admin-1"), 200);
    EXPECT_EQ(gateway.get("/api/members").headers.get("WWW-Authenticate"), "Bearer");
}

TEST_F(Gateway, ShadowModeRefusesNobodyAndCounts) {
    auto& gateway = start(std::string(guarded));
    EXPECT_EQ(gateway.get("/api/shadow", bearer("user-1")).status, 200);
    EXPECT_EQ(gateway.get("/api/shadow").status, 200);
    EXPECT_EQ(gateway.get("/api/shadow", bearer("admin-1")).status, 200);
    EXPECT_TRUE(gateway.metrics().print().contains("gateway_shadow_refusals_total 2"));
}

TEST_F(Gateway, SaysWhatIsDeprecatedAndEndsWhatIsGone) {
    auto& gateway = start(R"(
versions:
  v0: {path: /api/v0, means: /api, lifecycle: {deprecated: 2023-07-01, sunset: 2099-01-01,
       link: /docs/v0, successor: /api}}
routes:
  - {path: /api/a, service: post}
  - {path: /api/old, service: post, lifecycle: {sunset: 2024-01-01, gone_after_sunset: true}}
)");
    EXPECT_FALSE(gateway.get("/api/a").headers.contains("Deprecation"));
    auto const old = gateway.get("/api/v0/a");
    EXPECT_EQ(old.status, 200);
    EXPECT_EQ(old.headers.get("Deprecation"), "@1688169600");
    EXPECT_EQ(old.headers.get("Sunset"), "Thu, 01 Jan 2099 00:00:00 GMT");
    EXPECT_EQ(old.headers.get("Link"),
              "</docs/v0>; rel=\"deprecation\", </docs/v0>; rel=\"sunset\", "
              "</api>; rel=\"successor-version\"");
    auto const gone = gateway.get("/api/old");
    EXPECT_EQ(gone.status, 410);
    EXPECT_TRUE(gone.headers.contains("Sunset"));
    EXPECT_FALSE(gone.headers.contains("Link"));
    EXPECT_FALSE(gone.body.contains("Link")) << "what is not there is not spoken of";
    EXPECT_TRUE(gateway.metrics().print().contains(
        R"(gateway_deprecated_requests_total{kind="version",name="v0"} 1)"));
}

TEST_F(Gateway, ChangesRequestsForTheService) {
    auto& gateway = start(R"(
versions: {v1: {path: /api/v1, means: /api}}
routes:
  - path: "/api/old/{id}/**"
    service: post
    request:
      path: "/new/{id}{**}"
      query: {set: {limit: 5}, remove: [debug]}
      fields: {set: {X-Source: gateway}, add: {X-More: "1"}, remove: [X-Secret]}
      json: {rename: {/old: /new}, remove: [/gone], set: {/kind: {a: [1]}}}
)");
    auto const plain = said(gateway.get("/api/v1/old/7/c%20d?debug=1&a=b&limit=9",
                                        "X-Source: me\r\nX-Secret: s\r\nX-Stays: y\r\n"));
    EXPECT_EQ(plain.at("target").as_string(), "/new/7/c%20d?a=b&limit=5");
    auto const& fields = plain.at("fields").as_object();
    EXPECT_EQ(fields.at("X-Source").as_string(), "gateway");
    EXPECT_EQ(fields.at("X-More").as_string(), "1");
    EXPECT_EQ(fields.at("X-Stays").as_string(), "y");
    EXPECT_FALSE(fields.contains("X-Secret"));

    std::string const is_json = "Content-Type: application/json\r\n";
    auto const changed =
        said(gateway.send("POST", "/api/old/7", is_json, R"({"old":1,"gone":2,"stays":3})"));
    EXPECT_EQ(json::parse(changed.at("body").as_string()),
              json::parse(R"({"new":1,"stays":3,"kind":{"a":[1]}})"));
    EXPECT_EQ(gateway.send("POST", "/api/old/7", is_json, "{").status, 400);
    EXPECT_EQ(gateway.send("POST", "/api/old/7", {}, "{}").status, 415);
    EXPECT_EQ(gateway.send("POST", "/api/old/7", is_json, std::string(2 << 20, ' ')).status, 413);
    EXPECT_EQ(gateway.get("/api/old/7").status, 200);
}

TEST_F(Gateway, ChangesAnswersForTheClient) {
    auto& gateway = start(R"(
routes:
  - path: /api/a
    service: post
    response:
      fields: {set: {X-From: gateway}, add: {X-More: "1"}, remove: [X-None]}
      json: {remove: [/fields, /method], rename: {/service: /who}}
  - path: /api/fields
    service: post
    response: {fields: {remove: [X-From]}}
)");
    auto const reply = gateway.get("/api/a", "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\n");
    EXPECT_EQ(said(reply), json::parse(R"({"target":"/api/a","body":"","who":"post"})"));
    EXPECT_EQ(reply.headers.get("X-From"), "gateway");
    EXPECT_EQ(reply.headers.get("X-More"), "1");
    EXPECT_EQ(reply.headers.get("Content-Length"), std::to_string(reply.body.size()));
    auto const head = gateway.send("HEAD", "/api/a");
    EXPECT_EQ(head.status, 200);
    EXPECT_FALSE(head.headers.contains("Content-Length"));  // that of the other body
    auto const fields = gateway.get("/api/fields");
    EXPECT_FALSE(fields.headers.contains("X-From"));
    EXPECT_TRUE(said(fields).contains("fields"));
}

TEST_F(Gateway, WhatIsToBeRemovedNeverGoesOut) {
    struct Said {
        int status;
        std::string body, type = "application/json", coding = {};
    };
    std::vector<Said> answers{
        {404, R"({"secret":1,"open":2})"},
        {202, R"({"secret":1,"open":2})"},
        {200, R"({"secret":1,"open":2})", "application/json", "gzip"},
        {200, R"({"secret":1,"open":2)"},
        {200, R"({"secret":1,"much":")" + std::string(1 << 20, 'a') + "\"}"},
        {200, "{\"secret\":1,\"deep\":" + std::string(100, '[') + std::string(100, ']') + "}"},
        {200, R"({"secret":1})", "text/plain"}};
    std::vector<int> const wanted{404, 202, 502, 502, 502, 502, 200};
    std::size_t at = 0;
    testing::StandIn const talkative([&](http::Request&) -> net::Task<http::Response> {
        auto const& [status, body, type, coding] = answers.at(at);
        auto response = http::Response::json(status, body);
        response.headers.set("Content-Type", type);
        if (!coding.empty()) response.headers.add("Content-Encoding", coding);
        co_return response;
    });
    auto& gateway =
        start("  talkative: {instances: ['" + talkative.origin() +
              "'], breaker: {enabled: false}}\n"
              "routes: [{path: /a, service: talkative, response: {json: {remove: [/secret]}}}]\n");
    for (; at < answers.size(); ++at) {
        auto const reply = gateway.get("/a");
        EXPECT_EQ(reply.status, wanted[at]) << at;
        bool const is_json = answers[at].type == "application/json";
        EXPECT_EQ(reply.body.contains("secret"), !is_json) << at << reply.body;
        if (is_json && wanted[at] != 502) {
            EXPECT_EQ(json::parse(reply.body), json::parse(R"({"open":2})"));
        }
    }
}

TEST_F(Gateway, AWriteMakesWhatIsStoredOldWhateverItsSpelling) {
    auto& gateway = start(R"(
versions: {v1: {path: /api/v1, means: /api}, old: {path: /old, means: /api}}
routes:
  - {path: "/api/p/{id}", methods: [GET], service: post, cache: {fresh: 1h, query: [a]}}
  - {path: "/api/p/{id}", service: post}
  - {path: "/api/q/**", service: post}
)");
    auto const is_stored = [&](std::string_view path) {
        return gateway.get(path).headers.get("Cache-Status").contains("; hit");
    };
    for (auto const* write : {"/api/p/1", "/api/v1/p/1", "/old/p/%31"}) {
        for (auto const* path : {"/api/p/1", "/api/v1/p/1", "/api/p/2"}) {
            is_stored(path);
            EXPECT_TRUE(is_stored(path)) << path;
        }
        EXPECT_EQ(gateway.send("PUT", write).status, 200);
        EXPECT_FALSE(is_stored("/api/p/1")) << write;
        EXPECT_FALSE(is_stored("/api/v1/p/1")) << write;
        EXPECT_TRUE(is_stored("/api/p/2"));
    }
    for (auto const& [method, path] : {std::pair("OPTIONS", "/api/p/1"), {"PUT", "/api/q/1"}}) {
        gateway.send(method, path);
        EXPECT_TRUE(is_stored("/api/p/1")) << method;
    }
}

TEST_F(Gateway, AnswersByItself) {
    auto& gateway = start(R"(
routes:
  - {path: /api/hello, answer: {body: '{"hello":true}', fields: {X-Own: "yes"}}}
  - {path: /api/closed, answer: {status: 503, type: text/plain, body: later}}
  - {path: /api/empty, answer: {status: 204}, access: {login: true}}
)");
    auto const hello = gateway.get("/api/hello");
    EXPECT_EQ(hello.body, R"({"hello":true})");
    EXPECT_EQ(hello.headers.get("X-Own"), "yes");
    EXPECT_EQ(gateway.get("/api/closed").status, 503);
    EXPECT_EQ(gateway.get("/api/empty").status, 401);
    EXPECT_EQ(gateway.get("/api/empty", bearer("user-1")).status, 204);
}

TEST_F(Gateway, ComposesTheAnswersOfServices) {
    auto& gateway = start(R"(
versions: {v1: {path: /api/v1, means: /api}}
routes:
  - path: "/api/composed/{id}"
    methods: [GET]
    compose:
      profile: {service: user, get: "/u/{id}", required: true}
      stats: {service: none, get: /s, default: {n: 0}}
      posts: {service: post, get: "/p?who={profile#/target}&n={query.n}"}
  - path: /api/broken
    methods: [GET]
    compose: {a: {service: none, get: /, required: true}}
)");
    auto const whole = gateway.get("/api/v1/composed/7?n=2", bearer("user-1"));
    auto const answer = said(whole);
    EXPECT_EQ(answer.at("profile").at("target").as_string(), "/u/7");
    EXPECT_EQ(answer.at("posts").at("target").as_string(), "/p?who=%2Fu%2F7&n=2");
    EXPECT_EQ(answer.at("stats").at("n").as_int64(), 0);
    EXPECT_EQ(answer.at("partial"), json::value(json::array{"stats"}));
    auto const& fields = answer.at("posts").at("fields").as_object();
    EXPECT_TRUE(fields.contains("X-Grover-Identity"));
    EXPECT_EQ(fields.at("X-Request-ID").as_string(), whole.headers.get("X-Request-ID"));
    EXPECT_EQ(whole.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(gateway.send("HEAD", "/api/composed/7").status, 200);
    EXPECT_EQ(gateway.send("POST", "/api/composed/7").status, 405);
    EXPECT_EQ(gateway.get("/api/broken").status, 503);
}

TEST_F(Gateway, ACompositionHasTheTimeOfItsRouteAndItsClient) {
    auto& gateway = start(R"(
routes:
  - {path: /c, methods: [GET], timeout: 8s, compose: {a: {service: post, get: /, timeout: 20s}}}
  - {path: /d, methods: [GET], timeout: 8s, compose: {a: {service: post, get: /, timeout: 2s}}}
)");
    auto const told = [&](std::string_view path, std::string const& more = {}) {
        auto const answer = said(gateway.get(path, more));
        auto const& fields = answer.at("a").at("fields").as_object();
        return std::stoi(std::string(fields.at("X-Request-Deadline-Ms").as_string()));
    };
    EXPECT_LE(told("/c"), 8'000);
    EXPECT_LE(told("/d"), 2'000);
    EXPECT_LE(told("/c", "X-Request-Timeout-Ms: 5000\r\n"), 5'000);
}

TEST_F(Gateway, AStickyRouteKeepsItsUsers) {
    auto& gateway = start("  pair: {instances: ['" + post_.origin() + "', '" + next_.origin() +
                          "']}\nroutes: [{path: /a, service: pair, sticky: true}]\n"
                          "clients: {trusted_proxies: [127.0.0.1]}\n");
    auto const from = [&](int address, std::string const& more = {}) {
        return service(gateway.get(
            "/a", more + "X-Forwarded-For: 10.0.0." + std::to_string(address) + "\r\n"));
    };
    std::set<std::string> users, addresses;
    for (int i = 0; i < 64; ++i) {
        users.insert(from(i, bearer("user-1")));
        addresses.insert(from(i));
        EXPECT_EQ(from(i), from(i));
    }
    EXPECT_EQ(users.size(), 1u);
    EXPECT_EQ(addresses.size(), 2u);
}

TEST_F(Gateway, ACanaryKeepsItsUsers) {
    auto& gateway = start(R"(
routes:
  - {path: /api/half, service: post, canary: {next: 50%}}
  - {path: /api/all, service: post, canary: {next: 100%}}
  - {path: /api/none, service: post, canary: {next: 0%}}
  - {path: /api/away, service: post, canary: {none: 100%}}
clients: {trusted_proxies: [127.0.0.1]}
)");
    int next = 0;
    for (int i = 0; i < 64; ++i) {
        auto const who = "X-Forwarded-For: 10.0.0." + std::to_string(i) + "\r\n";
        auto const first = service(gateway.get("/api/half", who));
        EXPECT_EQ(service(gateway.get("/api/half", who)), first);
        next += first == "next";
    }
    EXPECT_GT(next, 16);
    EXPECT_LT(next, 48);
    EXPECT_EQ(service(gateway.get("/api/all")), "next");
    EXPECT_EQ(service(gateway.get("/api/none")), "post");
    EXPECT_EQ(service(gateway.get("/api/away")), "post");
    auto const first = service(gateway.get("/api/half", bearer("user-1")));
    EXPECT_EQ(service(gateway.get("/api/half", bearer("user-1") + "X-Forwarded-For: 9.9.9.9\r\n")),
              first);
}

TEST_F(Gateway, WhatPassesTheCacheByFillsNothing) {
    auto& gateway =
        start("routes:\n  - {path: /c, service: post, cache: {fresh: 1h, query: [n]}}\n");
    for (auto const* fields : {"If-Match: *\r\n", "Content-Length: 0\r\n", "Range: bytes=0-\r\n",
                               "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"}) {
        auto const passed = gateway.get("/c?evil=1&n=2", fields + std::string("X-Evil: 1\r\n"));
        EXPECT_FALSE(passed.headers.get("Cache-Status").contains("stored")) << fields;
        EXPECT_FALSE(passed.headers.get("Cache-Status").contains("fwd=method")) << fields;
    }
    auto const clean = said(gateway.get("/c?evil=1&n=2", "Content-Foo: 1\r\nX-Evil: 1\r\n"));
    EXPECT_EQ(clean.at("target").as_string(), "/c?n=2");
    EXPECT_FALSE(clean.at("fields").as_object().contains("Content-Foo"));
    EXPECT_FALSE(clean.at("fields").as_object().contains("X-Evil"));
    EXPECT_TRUE(gateway.get("/c?n=2").headers.get("Cache-Status").contains("hit"));
}

TEST_F(Gateway, WhatDoesNotCountIsHeldBackFromOtherPathsToo) {
    auto& gateway = start(
        "routes:\n"
        "  - {path: '/b/{id}', service: post, cache: {fresh: 1h, query: [n]}, request: {path: "
        "'/n/{id}'}}\n"
        "  - {path: /q, service: post, cache: {fresh: 1h, query: [n]}, request: {query: {set: "
        "{full: "
        "'1'}}}}\n");
    EXPECT_EQ(said(gateway.get("/b/1?evil=1&n=2")).at("target").as_string(), "/n/1?n=2");
    EXPECT_EQ(said(gateway.get("/b/2?evil=1")).at("target").as_string(), "/n/2");
    EXPECT_EQ(said(gateway.get("/q?evil=1&n=3")).at("target").as_string(), "/q?n=3&full=1");
    EXPECT_TRUE(gateway.get("/b/1?n=2").headers.get("Cache-Status").contains("hit"));
}

TEST_F(Gateway, NoPartOfAnAnswerHoldsWhatIsToBeRemoved) {
    testing::StandIn parts([](http::Request& request) -> net::Task<http::Response> {
        auto response = http::Response::json(200, R"({"secret": "TOP", "open": 1})");
        if (!request.headers.get("Range").empty()) response.status = 206;
        co_return response;
    });
    auto& gateway =
        start("  parts: {instances: ['" + parts.origin() +
              "']}\nroutes:\n  - {path: /p, service: parts, cache: {}, response: {json: "
              "{remove: [/secret]}}}\n");
    for (auto const* range : {"bytes=11-16", "bytes=0-5,6-9"}) {
        auto const reply = gateway.get("/p", "Range: " + std::string(range) + "\r\n");
        EXPECT_EQ(reply.status, 200) << range;
        EXPECT_EQ(reply.body, R"({"open":1})");
    }
}

TEST_F(Gateway, AnswersOfOtherRoutesAndCanariesAreKeptApart) {
    auto& gateway = start(
        "routes:\n"
        "  - {path: /p/**, service: next, headers: {X-Beta: '1'}, cache: {fresh: 1h}}\n"
        "  - {path: /p/**, service: post, query: {full: '1'}, cache: {fresh: 1h, query: [n]}}\n"
        "  - {path: /p/**, service: user, cache: {fresh: 1h, query: [n]}}\n"
        "  - {path: /c, service: post, canary: {next: 50%}, cache: {fresh: 1h}}\n");
    EXPECT_EQ(service(gateway.get("/p/x", "X-Beta: 1\r\n")), "next");
    EXPECT_EQ(service(gateway.get("/p/x")), "user");
    EXPECT_EQ(service(gateway.get("/p/x?full=1")), "post");
    EXPECT_EQ(service(gateway.get("/p/x")), "user");
    EXPECT_TRUE(gateway.get("/p/x", "X-Beta: 1\r\n").headers.get("Cache-Status").contains("hit"));
    // What changes it makes all of them old.
    EXPECT_EQ(gateway.send("POST", "/p/x").status, 200);
    for (auto const* fields : {"X-Beta: 1\r\n", ""})
        EXPECT_FALSE(gateway.get("/p/x", fields).headers.get("Cache-Status").contains("hit"));
    // Users keep to their service, whoever came first.
    std::map<std::string, std::string> mine;
    for (int round = 0; round < 2; ++round)
        for (auto const* name : {"user-1", "user-2", "moderator-1", "admin-1"}) {
            auto const from = service(gateway.get("/c", bearer(name)));
            EXPECT_EQ(mine.emplace(name, from).first->second, from) << name;
        }
}

TEST_F(Gateway, AnEmptyIdempotencyKeyIsNone) {
    std::atomic<int> asked{0};
    auto const busy = [&](http::Request&) -> net::Task<http::Response> {
        ++asked;
        co_return http::Response::json(503, "{}");
    };
    testing::StandIn one(busy), other(busy);
    auto& gateway = start("  busy: {instances: ['" + one.origin() + "', '" + other.origin() +
                          "'], outliers: {enabled: false}}\nroutes: [{path: /a, service: busy}]\n");
    for (auto const* none : {"", "Idempotency-Key:\r\n", "Idempotency-Key:  \r\n"}) {
        EXPECT_EQ(gateway.send("POST", "/a", none, "{}").status, 503);
        EXPECT_EQ(asked.exchange(0), 1) << none;
    }
    EXPECT_EQ(gateway.send("POST", "/a", "Idempotency-Key: k\r\n", "{}").status, 503);
    EXPECT_EQ(asked.load(), 2);
}

TEST_F(Gateway, NobodyIsToldThatItWentWellWhatMayNotHave) {
    testing::StandIn slow([](http::Request&) -> net::Task<http::Response> {
        co_await net::pause(std::chrono::seconds(2));
        co_return http::Response::json(200, "{}");
    });
    auto& gateway = start("  slow: {instances: ['" + slow.origin() +
                          "']}\nroutes:\n  - {path: /a, service: slow, timeout: 50ms, fallback: "
                          "{status: 200, body: instead}}\n  - {path: /b, service: none, fallback: "
                          "{status: 200, body: instead}}\n");
    EXPECT_EQ(gateway.send("POST", "/a").status, 504);
    EXPECT_EQ(gateway.get("/a").body, "instead");
    EXPECT_EQ(gateway.send("POST", "/b").body, "instead");
}

TEST_F(Gateway, TheTimeForAnAnswerIsThatForTheSessionToo) {
    auto& gateway = start(
        "routes:\n  - {path: /a, service: post}\n  - {path: /b, service: post, timeout: 100ms}\n"
        "  - {path: /c, methods: [GET], compose: {one: {service: post, get: /x}}, timeout: "
        "100ms}\n");
    EXPECT_EQ(gateway.get("/a", bearer("slow-1") + "X-Request-Timeout-Ms: 100\r\n").status, 504);
    EXPECT_EQ(gateway.get("/b", bearer("slow-1")).status, 504);
    EXPECT_EQ(gateway.get("/c", bearer("slow-1")).status, 504);
}

TEST_F(Gateway, WhatTheUserServiceSaysOfSessionsIsNotTheClients) {
    auto& gateway = start("routes: [{path: /a, service: post, access: {login: true}}]\n");
    auto const odd = gateway.get("/a", bearer("odd-1"));
    EXPECT_EQ(odd.status, 503);
    EXPECT_EQ(odd.headers.get("Retry-After"), "1");
    EXPECT_FALSE(odd.body.contains("not for clients"));
    auto const code = [&](std::string const& fields) {
        return std::string(json::parse(gateway.get("/a", fields).body).at("code").as_string());
    };
    EXPECT_EQ(code(bearer("nobody")), "invalid_token");
    EXPECT_EQ(code(""), "unauthenticated");
}

TEST_F(Gateway, ARouteThatIsGoneIsSoInEveryVersion) {
    auto& gateway = start(
        "routes:\n"
        "  - {path: /gone/**, service: post, lifecycle: {sunset: 2020-01-01T00:00:00Z, "
        "gone_after_sunset: true}}\n"
        "  - {path: /old/**, service: post, lifecycle: {deprecated: 2019-01-01T00:00:00Z}}\n"
        "versions:\n"
        "  one: {path: /v1, means: /gone, lifecycle: {deprecated: 2020-01-01T00:00:00Z}}\n"
        "  two: {path: /v2, means: /old, lifecycle: {deprecated: 2021-01-01T00:00:00Z}}\n");
    EXPECT_EQ(gateway.get("/gone/x").status, 410);
    auto const gone = gateway.get("/v1/x");
    EXPECT_EQ(gone.status, 410);
    EXPECT_TRUE(gone.headers.contains("Sunset"));
    auto const old = gateway.get("/v2/x");
    EXPECT_EQ(old.headers.count("Deprecation"), 1u);
    EXPECT_EQ(old.headers.get("Deprecation"), "@1609459200");
    auto const metrics = gateway.metrics().print();
    EXPECT_TRUE(metrics.contains("kind=\"route\",name=\"/old/**\"} 1")) << metrics;
    EXPECT_TRUE(metrics.contains("kind=\"version\",name=\"one\"} 1"));
}

TEST_F(Gateway, BodiesInPiecesCountForConcurrencyToo) {
    std::atomic<bool> open{false};
    std::atomic<int> working{0};
    testing::StandIn narrow([&](http::Request&) -> net::Task<http::Response> {
        ++working;
        while (!open) co_await net::pause(std::chrono::milliseconds(1));
        co_return http::Response::json(200, "{}");
    });
    auto& gateway = start("  narrow: {instances: ['" + narrow.origin() +
                          "'], concurrency: {min: 4, max: 4, initial: 4}}\nroutes: [{path: /a, "
                          "service: narrow}]\n");
    std::vector<std::unique_ptr<testing::RawClient>> clients;
    for (int i = 0; i < 6; ++i) {
        auto& client = *clients.emplace_back(std::make_unique<testing::RawClient>(gateway.port()));
        client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
        client.send("defghij");
        if (i < 3) EXPECT_TRUE(testing::eventually([&] { return working == i + 1; }));
    }
    // Of four, writes get three.
    for (std::size_t i = 3; i < 6; ++i) EXPECT_EQ(clients[i]->read_reply().status, 503);
    // An upload is refused like them.
    testing::RawClient large(gateway.port());
    large.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\nabc");
    EXPECT_EQ(large.read_reply().status, 503);
    open = true;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(clients[i]->read_reply().status, 200);
    EXPECT_EQ(working.load(), 3);
}

TEST_F(Gateway, ShortWindowsAreToldInSeconds) {
    auto& gateway = start(
        "rate_limits:\n  everywhere: [fast]\n  limits: {fast: {by: [ip], quota: 10, window: "
        "500ms}}\nroutes: [{path: /a, service: post}]\n");
    EXPECT_EQ(gateway.get("/a").headers.get("RateLimit-Policy"), "\"fast\";q=20;w=1");
}

/// A composition whose required part fails once its optional one is under way, which goes on until
/// released.
class LeftPart : public Gateway {
protected:
    testing::Served<Program>& start() {
        return Gateway::start("  slow: {instances: ['" + slow_.origin() +
                              "']}\n  late: {instances: ['" + late_.origin() + R"(']}
routes:
  - path: /c
    methods: [GET]
    compose:
      needed: {service: late, get: /, required: true}
      optional: {service: slow, get: /, timeout: 20s}
)");
    }
    ~LeftPart() override { released_ = true; }

    std::atomic<bool> released_{false}, came_{false}, ended_{false};

private:
    testing::StandIn slow_{[this](http::Request&) -> net::Task<http::Response> {
        came_ = true;
        auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!released_ && std::chrono::steady_clock::now() < until)
            co_await net::pause(std::chrono::milliseconds(1));
        ended_ = true;
        co_return http::Response::json(200, "{}");
    }};
    testing::StandIn late_{[this](http::Request&) -> net::Task<http::Response> {
        while (!came_) co_await net::pause(std::chrono::milliseconds(1));
        throw Error(ErrorCode::not_found, "no such thing");
    }};
};

TEST_F(LeftPart, IsNotWaitedFor) {
    auto& gateway = start();
    EXPECT_EQ(gateway.get("/c", bearer("user-1")).status, 404);
    EXPECT_FALSE(ended_);
    // What was left is given up at its service, too.
    EXPECT_TRUE(testing::eventually([&] {
        return gateway.metrics().print().contains("gateway_in_flight{service=\"slow\"} 0");
    }));
    EXPECT_FALSE(ended_);
}

TEST_F(LeftPart, DoesNotKeepAGatewayThatStops) {
    auto& gateway = start();
    EXPECT_EQ(gateway.get("/c").status, 404);
    served_.reset();
}

TEST_F(Gateway, APartMayBeNestedAsDeepAsTheContractAllows) {
    auto const nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    testing::StandIn deep([&](http::Request& request) -> net::Task<http::Response> {
        co_return http::Response::json(
            200, nested(static_cast<std::size_t>(std::stoi(request.target.substr(1)))));
    });
    auto& gateway = start("  deep: {instances: ['" + deep.origin() + R"(']}
routes:
  - path: "/c/{depth}"
    methods: [GET]
    compose: {a: {service: deep, get: "/{depth}"}}
)");
    for (std::size_t const depth : {1u, 32u, 33u, 64u})
        EXPECT_EQ(gateway.get("/c/" + std::to_string(depth)).body,
                  R"({"a":)" + nested(depth) + R"(,"partial":[]})");
    for (auto const* depth : {"65", "500"})
        EXPECT_EQ(gateway.get("/c/" + std::string(depth)).body, R"({"a":null,"partial":["a"]})");
}

TEST_F(Gateway, ItsOwnAnswersAreCodedAsOthersAre) {
    std::string const text(2000, 'a');
    auto& gateway = start(
        "routes:\n  - {path: /s, answer: {status: 200, type: text/plain, body: '" + text +
        "'}}\n  - {path: /small, answer: {body: hello}}\n  - {path: /c, methods: [GET], compose: "
        "{one: {service: post, get: '/" +
        text + "'}}}\n  - {path: /secret, answer: {body: '" + text +
        "'}, compression: {codings: []}}\n");
    for (auto const* path : {"/s", "/c"}) {
        auto const coded = gateway.get(path, "Accept-Encoding: gzip\r\n");
        EXPECT_EQ(coded.headers.get("Content-Encoding"), "gzip") << path;
        EXPECT_EQ(coded.headers.get("Vary"), "Accept-Encoding");
        EXPECT_LT(coded.body.size(), 1000u);
        auto const plain = gateway.get(path);
        EXPECT_FALSE(plain.headers.contains("Content-Encoding")) << path;
        EXPECT_EQ(plain.headers.get("Vary"), "Accept-Encoding");
        EXPECT_TRUE(plain.body.contains(text));
    }
    for (auto const* path : {"/small", "/secret"}) {
        auto const reply = gateway.get(path, "Accept-Encoding: gzip\r\n");
        EXPECT_FALSE(reply.headers.contains("Content-Encoding")) << path;
    }
    EXPECT_FALSE(gateway
                     .get("/s",
                          "Accept-Encoding: gzip\r\nCookie: a=b\r\nSec-Fetch-Site: "
                          "cross-site\r\n")
                     .headers.contains("Content-Encoding"));
}

}  // namespace
}  // namespace grover::gateway
