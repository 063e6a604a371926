// The admin API over the wire, beside a gateway that limits and routes.
#include "gateway/admin/admin.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "gateway/program.hpp"
#include "testing/served.hpp"
#include "testing/server_fixture.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;
using testing::RawReply;

constexpr std::string_view configuration = R"(
services: {post: {instances: ['http://127.0.0.1:1']}}
routes:
  - {path: /api/a, answer: {body: a}, limits: [few]}
  - {path: /api/b, name: b, service: post, methods: [GET], access: {roles: [admin]}}
rate_limits: {limits: {few: {by: [ip], quota: 2, window: 1h}}}
)";

class AdminApi : public ::testing::Test {
protected:
    AdminApi() {
        write(configuration);
        gateway_ = std::make_unique<testing::Served<Program>>(
            std::map<std::string, std::string>{{"GATEWAY_CONFIG", file()}, {"ADMIN_PORT", "0"}},
            [this] { ++stopped_; });
    }
    void write(std::string_view text) { std::ofstream(file()) << text; }
    std::string file() const { return (folder_.path() / "gateway.yaml").string(); }

    RawReply send(std::string_view method, std::string_view target, std::string_view body = {},
                  std::string fields = "Host: 127.0.0.1:9000\r\n") {
        testing::RawClient client(gateway_->door());
        auto text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n" + fields;
        if (!body.empty())
            text +=
                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n";
        client.send(text + "\r\n" + std::string(body));
        return client.read_reply(method == "HEAD");
    }
    json::value get(std::string_view target) {
        auto const reply = send("GET", target);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return json::parse(reply.body);
    }

    testing::TemporaryFolder folder_;
    std::atomic<int> stopped_{0};
    std::unique_ptr<testing::Served<Program>> gateway_;
};

TEST_F(AdminApi, ShowsWhatIsInForce) {
    auto const state = get("/admin/configuration");
    EXPECT_EQ(state.at("version").as_int64(), 1);
    EXPECT_EQ(state.at("file").as_string(), file());
    auto const routes = get("/admin/routes").as_array();
    ASSERT_EQ(routes.size(), 2u);
    EXPECT_EQ(routes[0].at("limits"), json::value(json::array{"few"}));
    EXPECT_EQ(routes[1].at("name").as_string(), "b");
    EXPECT_EQ(routes[1].at("roles"), json::value(json::array{"admin"}));
    EXPECT_EQ(routes[1].at("line").as_int64(), 5);
    EXPECT_EQ(get("/admin/instances").as_array().at(0).at("instance").as_string(),
              "http://127.0.0.1:1");
    auto const explained = send("GET", "/admin/routes/explain?url=/api/b&method=POST");
    EXPECT_EQ(explained.status, 200);
    EXPECT_TRUE(explained.body.contains("another method")) << explained.body;
    auto const ambiguous = send("GET", "/admin/routes/explain?url=/api/../b&method=GET");
    EXPECT_TRUE(ambiguous.body.contains("no route: 400")) << ambiguous.body;
}

TEST_F(AdminApi, ShowsInstancesAndForcesBreakers) {
    auto const instance = get("/admin/instances").as_array().at(0);
    EXPECT_EQ(instance.at("service").as_string(), "post");
    EXPECT_EQ(instance.at("ejected"), json::value(false));
    EXPECT_EQ(get("/admin/services").as_array().at(0).at("retries").to_number<int>(), 0);
    auto const state = [&] { return get("/admin/breakers?route=b").as_array().at(0); };
    EXPECT_EQ(state().at("state").as_string(), "closed");
    EXPECT_EQ(state().at("forced").as_string(), "none");

    auto const opened = send("PUT", "/admin/breakers?service=post&route=b", R"({"force":"open"})");
    EXPECT_EQ(opened.status, 200) << opened.body;
    EXPECT_EQ(state().at("state").as_string(), "open");
    EXPECT_EQ(state().at("forced").as_string(), "open");
    EXPECT_EQ(send("PUT", "/admin/breakers", R"({"force":"none"})").status, 200);
    EXPECT_EQ(state().at("state").as_string(), "closed");
    EXPECT_EQ(state().at("forced").as_string(), "none");

    EXPECT_EQ(send("PUT", "/admin/breakers?route=nowhere", R"({"force":"open"})").status, 404);
    EXPECT_EQ(send("PUT", "/admin/breakers?service=mail", R"({"force":"open"})").status, 404);
    EXPECT_EQ(send("PUT", "/admin/breakers?route=b", R"({"force":"ajar"})").status, 422);
    EXPECT_EQ(send("PUT", "/admin/breakers?route=b", "{").status, 400);
    EXPECT_EQ(state().at("state").as_string(), "closed");
}

TEST_F(AdminApi, ShowsAndPurgesTheCache) {
    EXPECT_EQ(get("/admin/cache").at("keys").to_number<int>(), 0);
    EXPECT_EQ(get("/admin/cache").at("bytes_max").to_number<int>(), 64 << 20);
    for (auto const* what : {"url=http://a/b", "prefix=http://a/", "tag=posts", "all=true"}) {
        auto const purged = send("DELETE", std::string("/admin/cache?") + what);
        EXPECT_EQ(purged.status, 200) << purged.body;
        EXPECT_EQ(json::parse(purged.body).at("purged").to_number<int>(), 0);
    }
    for (auto const* bad : {"", "?url=a/b", "?prefix=", "?all=false", "?tag=a&all=true",
                            "?url=http://a/&prefix=http://a/"})
        EXPECT_EQ(send("DELETE", std::string("/admin/cache") + bad).status, 400) << bad;
    EXPECT_EQ(send("DELETE", "/admin/cache?all=perhaps").status, 422);
}

TEST_F(AdminApi, TakesANewConfigurationAndRefusesABadOne) {
    write("routes: [{path: /api/a, answer: {body: b}}]\n");
    auto const taken = send("POST", "/admin/configuration/reload");
    EXPECT_EQ(taken.status, 200);
    EXPECT_EQ(json::parse(taken.body).at("version").as_int64(), 2);
    EXPECT_TRUE(testing::eventually([&] { return gateway_->get("/api/a").body == "b"; }));
    write("routes: [{path: nowhere}]\n");
    auto const refused = send("POST", "/admin/configuration/reload");
    EXPECT_EQ(refused.status, 422);
    EXPECT_TRUE(refused.body.contains("gateway.yaml:1")) << refused.body;
    EXPECT_EQ(get("/admin/configuration").at("version").as_int64(), 2);
}

TEST_F(AdminApi, ShowsLimitsAndForgivesAClient) {
    for (int i = 0; i < 3; ++i) gateway_->get("/api/a");
    auto const limits = get("/admin/limits");
    EXPECT_TRUE(limits.at("enabled").as_bool());
    EXPECT_EQ(limits.at("limits").at(0).at("refused").as_int64(), 1);
    EXPECT_EQ(get("/admin/limits/few?ip=127.0.0.1").at("remaining").as_int64(), 0);
    EXPECT_EQ(gateway_->get("/api/a").status, 429);
    auto const forgiven = send("DELETE", "/admin/limits/few?ip=127.0.0.1");
    EXPECT_EQ(forgiven.status, 200);
    EXPECT_EQ(json::parse(forgiven.body).at("remaining").as_int64(), 2);
    EXPECT_EQ(gateway_->get("/api/a").status, 200);
    EXPECT_EQ(send("GET", "/admin/limits/few").status, 400);
    EXPECT_EQ(send("GET", "/admin/limits/many?ip=127.0.0.1").status, 404);
}

TEST_F(AdminApi, ChangesTheLogLevel) {
    auto const put = [&](std::string_view body) {
        return send("PUT", "/admin/log-level", body).status;
    };
    EXPECT_EQ(put(R"({"level":"debug"})"), 200);
    EXPECT_EQ(gateway_->kit().log().level(), telemetry::Level::debug);
    EXPECT_EQ(put(R"({"level":"loud"})"), 422);
    EXPECT_EQ(put("{}"), 422);
    EXPECT_EQ(put("off"), 400);
    EXPECT_EQ(get("/admin/log-level").at("level").as_string(), "debug");
    EXPECT_EQ(put(R"({"level":"off"})"), 200);
}

TEST_F(AdminApi, DrainsAsASignalDoes) {
    EXPECT_EQ(send("POST", "/admin/drain").status, 202);
    EXPECT_EQ(stopped_, 1);
    EXPECT_EQ(send("GET", "/admin/drain").status, 405);
    EXPECT_EQ(stopped_, 1);
}

TEST_F(AdminApi, IsNotForWebPagesNorForClients) {
    for (auto const* fields :
         {"Host: 127.0.0.1:9000\r\nOrigin: https://evil.example\r\n",
          "Host: localhost\r\nOrigin: null\r\n", "Host: rebound.example:9000\r\n",
          "Host: 127.0.0.1.evil.example\r\n", "Host: 10.0.0.1\r\n", "Host: localhost.evil\r\n"})
        EXPECT_EQ(send("POST", "/admin/drain", {}, fields).status, 403) << fields;
    EXPECT_EQ(stopped_, 0);
    for (auto const* fields :
         {"Host: localhost:9000\r\n", "Host: [::1]:9000\r\n", "Host: [::1]\r\n"})
        EXPECT_EQ(send("GET", "/admin/log-level", {}, fields).status, 200) << fields;
    EXPECT_EQ(gateway_->get("/admin/routes").status, 404);
}

TEST(Admin, IsOffUnlessItHasAPort) {
    testing::TemporaryFolder const folder;
    auto const file = (folder.path() / "gateway.yaml").string();
    std::ofstream(file) << configuration;
    testing::Served<Program> const gateway({{"GATEWAY_CONFIG", file}});
    EXPECT_THROW(gateway.door(), std::out_of_range);
    for (auto const* port : {"x", "65536", "-1"}) {
        Environment env({{"GATEWAY_CONFIG", file}, {"ADMIN_PORT", port}});
        Program::Config::read(env);
        EXPECT_THROW(env.check(), ConfigError) << port;
    }
}

}  // namespace
}  // namespace grover::gateway
