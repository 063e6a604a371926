// A comment goes with its replies: at once for everybody, in pieces in the store.
#include "post/service_fixture.hpp"

namespace grover::post {
namespace {

class CommentRemoval : public PostService {
protected:
    std::string comment(std::string const& who, std::string const& parent = "") {
        json::object body{{"content", "c"}};
        if (!parent.empty()) body["parent_comment_id"] = parent;
        auto const made =
            ok(service.as(who).post("/api/posts/" + post_ + "/comments", json::serialize(body)));
        return std::string(made.at("comment_id").as_string());
    }
    int status_of(std::string const& comment) {
        return service.anonymous().get("/api/comments/" + comment).status;
    }
    std::int64_t counted() { return read(post_).at("comments_count").as_int64(); }
    void clear_away() {
        for (int turn = 0; turn < 3; ++turn) service.background("clear away");
    }

    std::string const post_ = write("user_0", "post");
};

TEST_F(CommentRemoval, a_thread_goes_whole_however_long) {
    auto const thread = comment("user_1"), other = comment("user_1");
    std::vector<std::string> replies;
    for (int i = 0; i < 450; ++i) replies.push_back(comment("user_2", thread));
    comment("user_2", other);
    ok(service.as("user_3").post("/api/comments/" + replies[7] + "/like"));
    EXPECT_EQ(counted(), 453);

    ok(service.as("user_1").remove("/api/comments/" + thread));
    EXPECT_EQ(counted(), 2);
    EXPECT_EQ(status_of(thread), 404);
    for (auto const* reply : {&replies.front(), &replies[7], &replies.back()})
        EXPECT_EQ(status_of(*reply), 404);
    EXPECT_EQ(service.as("user_2").remove("/api/comments/" + replies[0]).status, 404);
    EXPECT_EQ(service.as("user_3").post("/api/comments/" + replies[1] + "/like").status, 404);
    json::object const late{{"content", "c"}, {"parent_comment_id", replies[0]}};
    EXPECT_EQ(service.as("user_2")
                  .post("/api/posts/" + post_ + "/comments", json::serialize(late))
                  .status,
              404);

    clear_away();
    EXPECT_EQ(stored("comments"), 2);
    EXPECT_EQ(stored("comment_likes"), 0);
    EXPECT_EQ(counted(), 2);
}

TEST_F(CommentRemoval, who_leaves_in_between_is_not_taken_off_twice) {
    auto const thread = comment("user_1"), other = comment("user_1");
    comment("user_2", thread);
    comment("user_2", other);
    ok(service.as("user_1").remove("/api/comments/" + thread));
    EXPECT_EQ(counted(), 2);
    people.remove("user_2");
    ASSERT_EQ(deliver("user.deleted.v1", {{"user_id", "user_2"}}, "evt_1").status, 200);
    clear_away();
    EXPECT_EQ(counted(), 1);
    EXPECT_EQ(stored("comments"), 1);
    auto const left = ok(service.anonymous().get("/api/comments/" + other));
    EXPECT_EQ(left.at("replies_count").as_int64(), 0);
}

TEST_F(CommentRemoval, a_reply_goes_alone) {
    auto const thread = comment("user_1"), reply = comment("user_2", thread);
    ok(service.as("user_2").remove("/api/comments/" + reply));
    EXPECT_EQ(counted(), 1);
    EXPECT_EQ(ok(service.anonymous().get("/api/comments/" + thread)).at("replies_count").as_int64(),
              0);
    EXPECT_EQ(service.as("user_2").remove("/api/comments/" + reply).status, 404);
    EXPECT_EQ(counted(), 1);
}

TEST_F(CommentRemoval, a_long_job_delays_no_other) {
    auto const thread = comment("user_1"), small = comment("user_1");
    for (int i = 0; i < 450; ++i) comment("user_2", thread);
    comment("user_2", small);
    ok(service.as("user_1").remove("/api/comments/" + thread));
    ok(service.as("user_1").remove("/api/comments/" + small));
    auto const round = [&] {
        return testing::run_on(service.loop(),
                               [&] { return service.program().background().round(); });
    };
    EXPECT_TRUE(round());
    EXPECT_EQ(stored("comments"), 250);
    EXPECT_TRUE(round());
    EXPECT_EQ(stored("jobs"), 1) << "the small one is done";
    EXPECT_TRUE(round());
    EXPECT_FALSE(round());
    EXPECT_EQ(stored("comments"), 0);
    EXPECT_EQ(stored("jobs"), 0);
}

}  // namespace
}  // namespace grover::post
