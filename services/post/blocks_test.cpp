// What a block between two people hides, beyond the posts themselves (isolation_test.cpp).
#include "post/service_fixture.hpp"

namespace grover::post {
namespace {

struct Blocks : PostService {
    void set_block(std::string const& a, std::string const& b) {
        people.change(a, [&](auto& person) { person.blocked.insert(b); });
        people.change(b, [&](auto& person) { person.blocked.insert(a); });
        json::object const changed{{"user_id", a}, {"other_id", b}};
        EXPECT_EQ(deliver("user.relation_changed.v1", changed, "evt_" + a + b).status, 200);
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

TEST_F(Blocks, a_tag_is_hidden_from_whom_a_block_keeps_apart) {
    auto const post =
        std::string(ok(service.as("user_0").post(
                           "/api/posts", R"({"content":"x","tagged_users":["user_1","user_2"]})"))
                        .at("post_id")
                        .as_string());
    ok(service.as("user_4").post("/api/posts/" + post + "/repost", "{}"));
    set_block("user_1", "user_3");
    json::array const both{"user_1", "user_2"}, one{"user_2"};
    EXPECT_EQ(read(post, "user_3").at("tagged_users"), one);
    EXPECT_EQ(read(post, "user_1").at("tagged_users"), both);
    EXPECT_EQ(read(post, "user_2").at("tagged_users"), both);
    auto const reposted = ok(service.as("user_3").get("/api/posts/user/user_4"));
    EXPECT_EQ(reposted.at(0).at("original_post").at("tagged_users"), one);
    auto const moderator = service.as("user_3", {auth::Role::moderator});
    EXPECT_EQ(ok(testing::Client(moderator).get("/api/posts/" + post)).at("tagged_users"), both);
    set_block("user_0", "user_2");
    EXPECT_EQ(read(post, "user_0").at("tagged_users"), json::array{"user_1"});
}

/// user_0 has done everything with a post of user_1, who blocks them then.
struct Hidden : Blocks {
    Hidden() {
        for (auto const* action : {"like", "save", "repost"}) ok(act("POST", action, "{}"));
        ok(act("POST", "react", R"({"reaction_type":"love"})"));
        comment = std::string(
            ok(act("POST", "comments", R"({"content":"x"})")).at("comment_id").as_string());
        ok(service.as("user_0").post("/api/comments/" + comment + "/like"));
        repost = std::string(
            ok(service.as("user_0").get("/api/posts/me")).at(0).at("post_id").as_string());
        set_block("user_1", "user_0");
        EXPECT_EQ(service.as("user_0").get("/api/posts/" + post).status, 404);
    }
    http::Response act(std::string method, std::string const& action, std::string body = {}) {
        return service.as("user_0").send(std::move(method), "/api/posts/" + post + "/" + action,
                                         std::move(body));
    }

    std::string const post = write("user_1", "x");
    std::string comment, repost;
};

TEST_F(Hidden, what_one_did_can_be_taken_back) {
    EXPECT_EQ(ok(act("DELETE", "like")).at("status"), "unliked");
    EXPECT_EQ(ok(act("DELETE", "react")).at("status"), "removed");
    EXPECT_EQ(ok(act("DELETE", "save")).at("status"), "unsaved");
    EXPECT_EQ(ok(act("DELETE", "unrepost")).at("status"), "unreposted");
    ok(service.as("user_0").remove("/api/comments/" + comment + "/like"));
    ok(service.as("user_0").remove("/api/comments/" + comment));
    auto const left = read(post, "user_2");
    for (auto const* count : {"likes_count", "repost_count", "comments_count"})
        EXPECT_EQ(left.at(count), 0) << count;
    EXPECT_TRUE(left.at("reaction_counts").as_object().empty());
    service.background("clear away");
    EXPECT_EQ(stored("engagements"), 0);
    EXPECT_EQ(stored("comment_likes"), 0);
    EXPECT_EQ(stored("posts"), 1);
}

TEST_F(Hidden, nothing_else_can_be_done) {
    for (auto const* action : {"like", "react", "save", "unrepost"}) {
        act("DELETE", action);
        EXPECT_EQ(act("DELETE", action).status, 404) << "a second time: " << action;
    }
    EXPECT_EQ(act("DELETE", "dislike").status, 404);
    for (auto const* action : {"like", "dislike", "save", "repost", "share"})
        EXPECT_EQ(act("POST", action, "{}").status, 404) << action;
    EXPECT_EQ(act("POST", "react", R"({"reaction_type":"wow"})").status, 404);
    EXPECT_EQ(service.as("user_0").get("/api/comments/" + comment).status, 404);
    EXPECT_EQ(service.as("user_0").post("/api/comments/" + comment + "/like").status, 404);
    EXPECT_EQ(service.as("user_2").remove("/api/comments/" + comment).status, 404);
    ok(service.as("user_1").remove("/api/posts/" + post));
    EXPECT_EQ(service.as("user_0").remove("/api/comments/" + comment).status, 404);
}

TEST_F(Hidden, ones_own_repost_is_there_for_oneself) {
    auto const mine = ok(service.as("user_0").get("/api/posts/me"));
    ASSERT_EQ(mine.as_array().size(), 1u);
    EXPECT_EQ(mine.at(0).at("post_id"), json::value(repost));
    EXPECT_EQ(mine.at(0).at("original_post"), nullptr);
    EXPECT_EQ(service.as("user_2").get("/api/posts/" + repost).status, 200);
    EXPECT_TRUE(ok(service.as("user_0").get("/api/posts/feed")).as_array().empty());
    auto const path = "/api/posts/" + repost;
    EXPECT_EQ(service.as("user_0").get(path + "/reposts").status, 404);
    EXPECT_EQ(service.as("user_0").post(path + "/repost", "{}").status, 404);
    ok(service.as("user_0").remove(path));
    EXPECT_TRUE(ok(service.as("user_0").get("/api/posts/me")).as_array().empty());
    EXPECT_EQ(read(post, "user_2").at("repost_count"), 0);
}

TEST_F(Hidden, unrepost_takes_the_reposts_own_id_too) {
    EXPECT_EQ(ok(service.as("user_0").remove("/api/posts/" + repost + "/unrepost")).at("reposted"),
              false);
    EXPECT_EQ(service.as("user_0").get("/api/posts/" + repost).status, 404);
}

}  // namespace
}  // namespace grover::post
