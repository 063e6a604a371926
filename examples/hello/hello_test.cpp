#include "hello.hpp"

#include <gtest/gtest.h>

#include "testing/program.hpp"

namespace grover::hello {
namespace {

TEST(Hello, GreetsByName) {
    testing::Running<Program> service;
    EXPECT_EQ(service.anonymous().get("/api/hello?name=Ada").body, R"({"greeting":"Hello, Ada!"})");
    EXPECT_EQ(service.anonymous().get("/api/v1/hello/?name=%22%0a").body,
              R"({"greeting":"Hello, \"\n!"})");
}

TEST(Hello, SaysWhatIsWrongWithTheName) {
    testing::Running<Program> service;
    for (auto const* target : {"/api/hello", "/api/hello?name=", "/api/hello?nam=Ada"}) {
        auto const reply = service.anonymous().get(target);
        EXPECT_EQ(reply.status, 422) << target;
        EXPECT_NE(reply.body.find("query/name"), std::string::npos) << reply.body;
    }
    EXPECT_EQ(service.anonymous().get("/api/hello?name=" + std::string(101, 'a')).status, 422);
    EXPECT_EQ(service.anonymous().get("/api/hello?name=%ff").status, 400);
    EXPECT_EQ(service.anonymous().post("/api/hello?name=Ada").status, 405);
}

}  // namespace
}  // namespace grover::hello
