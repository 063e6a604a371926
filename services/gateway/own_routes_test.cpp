#include "gateway/own_routes.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "gateway/config/load.hpp"

namespace grover::gateway {
namespace {

Config config() {
    return parse_config({.file = "g.yaml", .text = R"(services: {post: {instances: []}}
versions: {v1: {path: /api/v1, means: /api}}
routes:
  - {path: /api/hello, answer: {body: '{"hello":true}'}}
  - {path: /api/below/**, answer: {status: 503}}
  - {path: /api/posts/**, service: post}
  - path: "/api/composed/{id}"
    methods: [GET]
    compose: {one: {service: post, get: "/{id}"}, two: {service: post, get: /}}
)"});
}

TEST(OwnRoutes, AreDocumented) {
    auto const paths = own_paths(config(), "g.yaml");
    EXPECT_EQ(paths.size(), 2u);  // neither what a service answers nor what has no one path
    EXPECT_TRUE(paths.at("/api/hello").as_object().contains("get"));
    auto const& composed = paths.at("/api/composed/{id}").at("get");
    EXPECT_EQ(composed.at("summary").as_string(), "Composed of one, two");
    EXPECT_EQ(composed.at("parameters").as_array().size(), 1u);
    EXPECT_EQ(composed.at("parameters").at(0).at("name").as_string(), "id");
    EXPECT_EQ(composed.at("x-source").as_string(), "g.yaml:7");
}

TEST(OwnAnswers, AreAddedToEveryOperationThatDoesNotNameThem) {
    boost::json::object paths{
        {"/api/posts",
         {{"parameters", boost::json::array()},
          {"get", {{"responses", {{"200", boost::json::object()}}}}},
          {"post", {{"responses", {{"503", {{"description", "its own"}}}}}}}}}};
    add_own_answers(paths);
    auto const& item = paths["/api/posts"];
    for (auto const* status : {"200", "429", "502", "503", "504"})
        EXPECT_TRUE(item.at("get").at("responses").as_object().contains(status)) << status;
    EXPECT_TRUE(item.at_pointer("/get/responses/429/headers").as_object().contains("Retry-After"));
    EXPECT_EQ(item.at_pointer("/post/responses/503/description").as_string(), "its own");
    EXPECT_TRUE(item.at("parameters").as_array().empty());
}

TEST(OwnRoutes, HaveALine) {
    EXPECT_EQ(own_route(config(), "g.yaml", "GET", "/api/v1/composed/7?x"),
              "GET /api/composed/{id} g.yaml:7 Composed of one, two");
    EXPECT_EQ(own_route(config(), "g.yaml", "GET", "/api/below/this"),
              "GET /api/below/** g.yaml:5 An answer of the configuration");
    for (auto const* path : {"/api/posts/7", "/api/nothing", "", "no path"})
        EXPECT_EQ(own_route(config(), "g.yaml", "GET", path), std::nullopt) << path;
    EXPECT_EQ(own_route(config(), "g.yaml", "POST", "/api/composed/7"), std::nullopt);
}

}  // namespace
}  // namespace grover::gateway
