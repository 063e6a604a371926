#include "gateway/routes/table.hpp"

#include <gtest/gtest.h>

#include "gateway/config/load.hpp"

namespace grover::gateway {
namespace {

/// The name of the route that takes the request; "none".
struct Routes {
    explicit Routes(std::vector<RouteSettings> given,
                    std::map<std::string, VersionSettings> versions = {})
        : routes(std::move(given)), table(routes, versions) {}

    std::string operator()(std::string_view method, std::string_view path) const {
        return name_of(table.find(method, path));
    }
    /// With a whole head, "Host: a.example\r\n" and the like.
    std::string with(std::string target, std::string_view fields) const {
        auto const text = "GET " + target + " HTTP/1.1\r\n" + std::string(fields) + "\r\n";
        http::RequestParser parser;
        EXPECT_EQ(parser.parse(text), http::HeadState::complete);
        return name_of(table.find(parser.head()));
    }
    std::string name_of(Table::Match match) const {
        return match.route == Table::none ? "none"
                                          : routes[static_cast<std::size_t>(match.route)].name;
    }

    std::vector<RouteSettings> routes;
    Table table;
};

RouteSettings route(std::string name, std::string path, std::vector<Method> methods = {}) {
    RouteSettings out;
    out.name = std::move(name);
    out.path = std::move(path);
    out.methods = std::move(methods);
    return out;
}

TEST(Table, TheMostSpecificPathWinsWhateverTheOrder) {
    Routes const find({route("all", "/a/**"), route("one", "/a/{x}"), route("fixed", "/a/me"),
                       route("deep", "/a/{x}/posts/**"), route("tail", "/a/me/likes")});
    EXPECT_EQ(find("GET", "/a"), "all");
    EXPECT_EQ(find("GET", "/a/"), "all");
    EXPECT_EQ(find("GET", "/a/me"), "fixed");
    EXPECT_EQ(find("GET", "/a/me/"), "fixed");
    EXPECT_EQ(find("GET", "/a/you"), "one");
    EXPECT_EQ(find("GET", "/a/me/likes"), "tail");
    EXPECT_EQ(find("GET", "/a/me/posts"), "deep");  // back from the fixed segment to the parameter
    EXPECT_EQ(find("GET", "/a/me/posts/7/x"), "deep");
    EXPECT_EQ(find("GET", "/a/me/other"), "all");
    EXPECT_EQ(find("GET", "/a//posts"), "all");  // a parameter is never empty
}

TEST(Table, KnowsOnlyWhatItIsTold) {
    Routes const find({route("exact", "/a/b"), route("below", "/c/**")});
    for (auto const* path : {"", "/", "/a", "/a/", "/a/b/c", "/a//b", "//a/b", "/A/b", "/a/%63",
                             "/a/b//", "/cc", "/d", "a/b", "*"})
        EXPECT_EQ(find("GET", path), "none") << path;
    EXPECT_TRUE(find.table.knows("/c/x"));
    EXPECT_FALSE(find.table.knows("/cx"));
}

TEST(Table, NoSpellingSlipsPastASegment) {
    Routes const find({route("guarded", "/mod/**"), route("open", "/**")});
    for (auto const* path : {"/mod/x", "/%6dod/x", "/%6D%6f%64/x", "/mo%64"})
        EXPECT_EQ(find("GET", path), "guarded") << path;
    for (auto const* path : {"/%6d/x", "/mod%2fx", "/%256dod/x", "/mod%"})
        EXPECT_EQ(find("GET", path), "open") << path;
}

TEST(Table, NoRuleTakesTrace) {
    Routes const find({route("any", "/a"), route("read", "/b", {Method::GET})});
    for (auto const* method : {"TRACE", "CONNECT"})
        for (auto const* path : {"/a", "/b"}) {
            auto const match = find.table.find(method, path);
            EXPECT_EQ(match.route, Table::none);
            EXPECT_TRUE(method_list(match.allow).starts_with("GET, HEAD")) << path;
        }
}

TEST(Table, SaysWhichMethodsAPathHas) {
    Routes const find({route("read", "/a", {Method::GET}), route("write", "/a", {Method::POST}),
                       route("any", "/b")});
    EXPECT_EQ(find("GET", "/a"), "read");
    EXPECT_EQ(find("HEAD", "/a"), "read");
    EXPECT_EQ(find("POST", "/a"), "write");
    EXPECT_EQ(find("BREW", "/b"), "any");
    auto const match = find.table.find("DELETE", "/a");
    EXPECT_EQ(match.route, Table::none);
    EXPECT_EQ(method_list(match.allow), "GET, HEAD, POST");
    EXPECT_EQ(find("get", "/a"), "none");
    EXPECT_EQ(find.table.find("GET", "/nowhere").allow, 0u);
}

TEST(Table, GoesOnWithALessSpecificPathWhereTheMethodDoesNotFit) {
    Routes const find({route("login", "/auth/session", {Method::POST}), route("auth", "/auth/**")});
    EXPECT_EQ(find("POST", "/auth/session"), "login");
    EXPECT_EQ(find("GET", "/auth/session"), "auth");
}

TEST(Table, MatchesHostFieldsAndQuery) {
    auto canary = route("canary", "/a/**"), beta = route("beta", "/a/**"),
         inside = route("inside", "/a/**"), named = route("named", "/a/**");
    canary.headers = {{"X-Canary", "always"}};
    beta.query = {{"beta", "*"}};
    inside.host = "*.internal.example";
    named.host = "Api.Example";
    Routes const find({canary, beta, inside, named, route("all", "/a/**")});
    EXPECT_EQ(find.with("/a", "Host: h\r\nx-canary: always\r\n"), "canary");
    EXPECT_EQ(find.with("/a", "Host: h\r\nX-Canary: never\r\n"), "all");
    EXPECT_EQ(find.with("/a?x=1&beta=2", "Host: h\r\n"), "beta");
    EXPECT_EQ(find.with("/a?beta", "Host: h\r\n"), "beta");
    EXPECT_EQ(find.with("/a?betas=1", "Host: h\r\n"), "all");
    EXPECT_EQ(find.with("/a", "Host: x.internal.example:8000\r\n"), "inside");
    EXPECT_EQ(find.with("/a", "Host: internal.example\r\n"), "all");
    EXPECT_EQ(find.with("/a", "Host: evilinternal.example\r\n"), "all");
    EXPECT_EQ(find.with("/a", "Host: api.example\r\n"), "named");
    EXPECT_EQ(find.with("/a", "Host: api.example.org\r\n"), "all");
}

TEST(Table, AVersionIsAnotherSpelling) {
    Routes const find({route("posts", "/api/posts/**")},
                      {{"v1", {.path = "/api/v1", .means = "/api"}}});
    EXPECT_EQ(find("GET", "/api/v1/posts/7"), "posts");
    EXPECT_EQ(find.table.find("GET", "/api/v1/posts").version, 0);
    EXPECT_EQ(find.table.find("GET", "/api/posts").version, Table::none);
    for (auto const* path :
         {"/api/v1", "/api/v1/", "/api/v1/v1/posts", "/api/v2/posts", "/api/v1posts", "/v1/posts"})
        EXPECT_EQ(find("GET", path), "none") << path;
}

TEST(Table, NamesTheRoutesThatNothingReaches) {
    Routes const routes({route("a", "/a"), route("again", "/a", {Method::GET}),
                         route("get", "/b", {Method::GET}), route("post", "/b", {Method::POST}),
                         route("head", "/b", {Method::HEAD})});
    auto const shadowed = routes.table.shadowed();
    ASSERT_EQ(shadowed.size(), 2u);
    EXPECT_EQ(shadowed[0].route, 1u);
    EXPECT_EQ(shadowed[0].by, 0u);
    EXPECT_EQ(shadowed[1].route, 4u);
}

TEST(Table, RefusesWhatIsNoPattern) {
    for (auto const* path : {"", "a", "/a//b", "/a/", "/a/*", "/**/a", "/a/{}", "/a/{x", "/a/x}y",
                             "/a?b", "/a/%2f", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"})
        EXPECT_NE(Table::problem_of(path), "") << path;
    for (auto const* path : {"/", "/**", "/a", "/a/**", "/a/{x}/b", "/a.b/c-d_e~"})
        if (std::string_view(path) != "/") EXPECT_EQ(Table::problem_of(path), "") << path;
}

/// The shipped file against contract section 7.
TEST(Table, SendsEveryPathOfTheContractToItsService) {
    auto const config = parse_config(Source::of(default_config_file()));
    Table const table(config.routes, config.versions);
    auto const service_of = [&](std::string_view path) -> std::string {
        auto const match = table.find("GET", path);
        return match.route == Table::none
                   ? "none"
                   : config.routes[static_cast<std::size_t>(match.route)].service;
    };
    for (auto const* path :
         {"/api/auth/session", "/api/users/me", "/api/users/user_1", "/api/users/user_1/follow",
          "/api/discover/suggested-users", "/api/search/users", "/api/v1/users/me", "/api/users/"})
        EXPECT_EQ(service_of(path), "user") << path;
    for (auto const* path :
         {"/api/posts", "/api/posts/", "/api/v1/posts/feed/me", "/api/comments/c/replies",
          "/api/search", "/api/mentions", "/api/trending/tags", "/api/discover/trending",
          "/api/users/user_1/posts", "/api/v1/users/user_1/posts/", "/api/search/hashtags"})
        EXPECT_EQ(service_of(path), "post") << path;
    EXPECT_EQ(service_of("/api/media/upload"), "media");
    EXPECT_EQ(service_of("/api/payments/orders"), "payment");
    EXPECT_EQ(service_of("/api/push/subscribe"), "notification");
    for (auto const* path :
         {"/", "", "/api", "/api/", "/api/v1", "/api/v1/", "/api/postsx", "/api/post",
          "/internal/users/cards", "/api/internal", "/API/posts", "//api/posts", "/api//posts",
          "/api/v2/posts", "/api/v1/v1/posts", "/api/discovery", "/health"})
        EXPECT_EQ(service_of(path), "none") << path;
}

}  // namespace
}  // namespace grover::gateway
