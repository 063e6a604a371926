#include <gtest/gtest.h>

#include "sample/program.hpp"
#include "testing/program.hpp"

namespace grover::sample {
namespace {

class SampleTest : public ::testing::Test {
protected:
    testing::Running<Program> service;
};

TEST_F(SampleTest, WhatIsKeptCanBeRead) {
    auto const made = service.as("user_1").post("/api/samples", R"({"text":"first"})");
    ASSERT_EQ(made.status, 201) << made.body;
    auto const read = service.as("user_1").get(std::string(made.headers.get("Location")));
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body, made.body);
}

TEST_F(SampleTest, NobodySeesWhatBelongsToSomebodyElse) {
    auto const made = service.as("user_1").post("/api/samples", R"({"text":"mine"})");
    EXPECT_EQ(service.as("user_2").get(std::string(made.headers.get("Location"))).status, 404);
    EXPECT_EQ(service.as("user_2").get("/api/samples").body, "[]");
}

TEST_F(SampleTest, ALoginIsNeeded) {
    EXPECT_EQ(service.anonymous().post("/api/samples", R"({"text":"x"})").status, 401);
    EXPECT_EQ(service.anonymous().get("/api/samples").status, 401);
}

TEST_F(SampleTest, BadInputIsRefusedWithEveryProblem) {
    EXPECT_EQ(service.as("user_1").post("/api/samples", "").status, 400);
    EXPECT_EQ(service.as("user_1").post("/api/samples", R"({"text":"")").status, 400);
    EXPECT_EQ(service.as("user_1").post("/api/samples", R"({"text":""})").status, 422);
    EXPECT_EQ(service.as("user_1").post("/api/samples", R"({"text":null})").status, 422);
    EXPECT_EQ(service.as("user_1").get("/api/samples?limit=0").status, 422);
    EXPECT_EQ(service.as("user_1").get("/api/samples").body, "[]");
}

TEST_F(SampleTest, PagesFollowEachOtherToTheEnd) {
    for (int i = 0; i < 5; ++i)
        service.as("user_1").post("/api/samples",
                                  R"({"text":"number )" + std::to_string(i) + "\"}");
    EXPECT_EQ(service.as("user_1").pages("/api/samples?limit=2"), 5u);
}

}  // namespace
}  // namespace grover::sample
