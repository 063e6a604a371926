// What a block between two people hides, beyond the posts themselves (isolation_test.cpp).
#include "post/service_fixture.hpp"

namespace grover::post {
namespace {

struct Blocks : PostService {
    void set_block(std::string const& a, std::string const& b) {
        people.change(a, [&](auto& person) { person.blocked.insert(b); });
        people.change(b, [&](auto& person) { person.blocked.insert(a); });
    }
    std::size_t mentions_of(std::string const& who) {
        return ok(service.as(who).get("/api/mentions")).as_array().size();
    }
};

TEST_F(Blocks, tagging_a_blocker_is_answered_as_tagging_nobody) {
    set_block("user_0", "user_1");
    auto const tag = [&](std::string const& author, std::string const& whom) {
        auto reply = service.as(author).post(
            "/api/posts", R"({"content":"x","tagged_users":["user_2",")" + whom + R"("]})");
        EXPECT_EQ(reply.status, 422) << author << " tags " << whom;
        return std::string(json::serialize(json::parse(reply.body).at("errors")));
    };
    EXPECT_EQ(tag("user_1", "user_0"), tag("user_1", "user_unknown"));
    EXPECT_EQ(tag("user_0", "user_1"), tag("user_0", "user_unknown"));
    EXPECT_EQ(service.as("user_1", {auth::Role::moderator})
                  .post("/api/posts", R"({"content":"x","tagged_users":["user_0"]})")
                  .status,
              201);
}

TEST_F(Blocks, naming_a_blocker_in_the_text_mentions_nobody) {
    set_block("user_0", "user_1");
    auto const post = write("user_1", "hello @user_0 and @user_2");
    EXPECT_EQ(mentions_of("user_2"), 1u);
    EXPECT_EQ(ok(service.as("user_1").put("/api/posts/" + post,
                                          R"({"content":"bye @user_0 and @user_3"})"))
                  .at("edited"),
              json::value(true));
    EXPECT_EQ(mentions_of("user_3"), 1u);
    EXPECT_EQ(stored("mentions"), 1);
}

}  // namespace
}  // namespace grover::post
