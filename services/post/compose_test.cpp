#include "post/compose.hpp"

#include <gtest/gtest.h>

#include "post/score.hpp"

namespace grover::post {
namespace {

using namespace std::chrono_literals;

auto const author = UserId::trusted("user_a");
Timestamp const now{1'800'000'000'000};

/// The pointers of what is wrong, in order.
std::string problems(reflect::Issues const& issues) {
    std::string out;
    for (auto const& issue : issues.list()) out += issue.pointer + " ";
    return out;
}

struct Composed {
    Post post;
    std::string problems;
};
Composed compose_json(std::string_view json) {
    auto in = reflect::from_json<CreatePost>(json);
    reflect::Issues issues;
    auto post = compose(std::move(in), author, now, issues);
    return {std::move(post), problems(issues)};
}
std::string refusal(std::string_view json) {
    try {
        return compose_json(json).problems;
    } catch (Error const& error) {
        std::string out;
        for (auto const& issue : error.issues()) out += issue.pointer + " ";
        return out;
    }
}

TEST(Compose, makes_a_post_of_text) {
    auto const post = compose_json(R"({"content": "Hi #There", "location": " Rome ",
                                       "tagged_users": ["user_b", "user_c", "user_b"],
                                       "visibility": "followers"})")
                          .post;
    EXPECT_EQ(post.content, "Hi #There");
    EXPECT_EQ(post.tags, std::vector<std::string>{"there"});
    EXPECT_EQ(post.tagged_users.size(), 2u);
    EXPECT_EQ(post.visibility, Visibility::followers);
    EXPECT_FALSE(post.listed());
    EXPECT_FALSE(post.edited);
    EXPECT_EQ(post.created_at, now);
    EXPECT_FALSE(post.heat);
}

TEST(Compose, media_and_polls_need_no_text) {
    EXPECT_EQ(compose_json(R"({"media_url": "https://x.org/a.MP4?b"})").post.media_type,
              MediaType::image);
    EXPECT_EQ(compose_json(R"({"media_url": "https://x.org/a.mp4?b=.mp3"})").post.media_type,
              MediaType::video);
    EXPECT_EQ(compose_json(R"({"media_url": "http://x.org/a.mp4", "media_type": "audio"})")
                  .post.media_type,
              MediaType::audio);
    auto const poll = compose_json(R"({"poll_options": ["a", "b"]})").post;
    EXPECT_TRUE(poll.has_poll);
    EXPECT_EQ(poll.poll_expires_at, now + 24h);
    EXPECT_EQ(compose_json(R"({"poll_options": ["a", "b"], "poll_duration_hours": 168})")
                  .post.poll_expires_at,
              now + 168h);
}

TEST(Compose, both_ways_to_say_when_a_poll_ends_have_the_same_bound) {
    auto const ending = [](Timestamp end) {
        return compose_json(R"({"poll_options": ["a", "b"], "poll_expires_at": ")" +
                            end.to_string() + R"("})");
    };
    EXPECT_EQ(ending(now + 168h).post.poll_expires_at, now + 168h);
    EXPECT_EQ(ending(now + 168h).problems, "");
    EXPECT_EQ(ending(now + 168h + 1ms).problems, "/poll_expires_at ");
}

TEST(Compose, a_poll_that_is_not_wanted_is_left_out) {
    auto const post =
        compose_json(R"({"content": "x", "has_poll": false, "poll_options": ["a"]})").post;
    EXPECT_FALSE(post.has_poll);
    EXPECT_TRUE(post.poll_options.empty());
}

TEST(Compose, refuses_what_makes_no_post) {
    for (auto const* json : {R"({})", R"({"content": ""})", R"({"content": " \n\t"})",
                             R"({"content": null})", R"({"location": "Rome"})",
                             R"({"content": "", "has_poll": false, "poll_options": ["a", "b"]})"})
        EXPECT_EQ(refusal(json), "/content ") << json;
}

TEST(Compose, refuses_bad_members) {
    for (auto const& [json, pointers] : std::initializer_list<std::pair<std::string, std::string>>{
             {R"({"content": 1})", "/content "},
             {R"({"content": "x", "visibility": "all"})", "/visibility "},
             {R"({"content": "x", "media_url": "ftp://x.org/a"})", "/media_url "},
             {R"({"content": "x", "media_url": "https://"})", "/media_url "},
             {R"({"content": "x", "media_url": "javascript:x"})", "/media_url "},
             {R"({"content": "x", "media_url": "https://x.org/a b"})", "/media_url "},
             {R"({"content": "x", "media_type": "text"})", "/media_type "},
             {R"({"content": "x", "tagged_users": ["a b"]})", "/tagged_users/0 "},
             {R"({"content": "x", "location": 5})", "/location "},
             {R"({"has_poll": true})", "/poll_options "},
             {R"({"poll_options": ["a"]})", "/poll_options "},
             {R"({"poll_options": ["a", "a"]})", "/poll_options/1 "},
             {R"({"poll_options": ["a", ""]})", "/poll_options/1 "},
             {R"({"poll_options": ["a", "b"], "poll_duration_hours": 0})", "/poll_duration_hours "},
             {R"({"poll_options": ["a", "b"], "poll_duration_hours": 169})",
              "/poll_duration_hours "},
             {R"({"poll_options": ["a", "b"], "poll_expires_at": "soon"})", "/poll_expires_at "},
             {R"({"poll_options": ["a", "b"], "poll_expires_at": "2020-01-01T00:00:00Z"})",
              "/poll_expires_at "},
             {R"({"poll_options": ["a", "b"], "poll_expires_at": "9999-01-01T00:00:00Z"})",
              "/poll_expires_at "},
             {R"({"poll_options": ["a", "b"], "poll_duration_hours": 1,
                  "poll_expires_at": "2090-01-01T00:00:00Z"})",
              "/poll_expires_at "},
         })
        EXPECT_EQ(refusal(json), pointers) << json;
    auto options = std::string(R"({"poll_options": [)");
    for (int i = 0; i < 11; ++i) options += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
    EXPECT_EQ(refusal(options + "]}"), "/poll_options ");
    auto tagged = std::string(R"({"content": "x", "tagged_users": [)");
    for (int i = 0; i < 51; ++i) tagged += (i ? ",\"u" : "\"u") + std::to_string(i) + "\"";
    EXPECT_EQ(refusal(tagged + "]}"), "/tagged_users ");
    EXPECT_EQ(refusal(R"({"content": ")" + std::string(10'001, 'x') + "\"}"), "/content ");
    EXPECT_EQ(refusal(R"({"content": ")" + std::string(10'000, 'x') + "\"}"), "");
}

struct Revised {
    Post post;
    std::string problems;
};
Revised revise_json(Post const& before, std::string_view json) {
    reflect::Issues issues;
    auto const in = reflect::from_json<UpdatePost>(json);
    auto post = revise(before, in, now + 1h, issues);
    return {std::move(post), problems(issues)};
}

TEST(Revise, leaves_what_is_absent_and_what_is_the_same) {
    auto const before = compose_json(R"({"content": "Hi #a", "location": "Rome"})").post;
    for (auto const* json :
         {"{}", R"({"content": "Hi #a"})", R"({"location": "Rome"})", R"({"tags": []})",
          R"({"visibility": "public"})", R"({"content": null, "tags": null})"}) {
        auto const after = revise_json(before, json).post;
        EXPECT_FALSE(revised(before, after)) << json;
        EXPECT_EQ(after.updated_at, before.updated_at) << json;
        EXPECT_FALSE(after.edited) << json;
    }
}

TEST(Revise, tags_of_the_text_follow_it_and_those_set_by_hand_stay) {
    auto const before = compose_json(R"({"content": "Hi #a"})").post;
    auto const tagged = revise_json(before, R"({"tags": ["#Extra"]})").post;
    EXPECT_EQ(tagged.tags, (std::vector<std::string>{"a", "extra"}));
    auto const changed = revise_json(tagged, R"({"content": "Ho #b"})").post;
    EXPECT_EQ(changed.tags, (std::vector<std::string>{"b", "extra"}));
    EXPECT_EQ(revise_json(changed, R"({"tags": []})").post.tags, std::vector<std::string>{"b"});
    EXPECT_EQ(revise_json(before, R"({"tags": ["ok", "not ok"]})").problems, "/tags/1 ");
}

TEST(Revise, tells_what_was_edited) {
    auto const before = compose_json(R"({"content": "Hi"})").post;
    auto const edited = revise_json(before, R"({"content": "Ho"})").post;
    EXPECT_TRUE(edited.edited);
    EXPECT_EQ(edited.updated_at, now + 1h);
    auto const hidden = revise_json(before, R"({"visibility": "private"})").post;
    EXPECT_FALSE(hidden.edited);
    EXPECT_EQ(hidden.updated_at, now + 1h);
    EXPECT_FALSE(revise_json(before, R"({"location": ""})").post.edited);
    auto const placed = revise_json(before, R"({"location": "Rome"})").post;
    EXPECT_FALSE(revise_json(placed, R"({"location": ""})").post.location);
}

TEST(Revise, the_time_moves_on_even_when_the_clock_does_not) {
    auto const before = compose_json(R"({"content": "Hi"})").post;
    reflect::Issues issues;
    auto const in = reflect::from_json<UpdatePost>(R"({"content": "Ho"})");
    EXPECT_EQ(revise(before, in, now - 1h, issues).updated_at, before.updated_at + 1ms);
}

TEST(Revise, something_must_be_left) {
    auto const text = compose_json(R"({"content": "Hi"})").post;
    EXPECT_EQ(revise_json(text, R"({"content": " "})").problems, "/content ");
    auto const media = compose_json(R"({"content": "Hi", "media_url": "https://x.org/a"})").post;
    EXPECT_EQ(revise_json(media, R"({"content": ""})").post.content, "");
    auto const repost = compose_repost(text, "my words", author, now);
    EXPECT_EQ(revise_json(repost, R"({"content": "x"})").problems, "/content ");
}

TEST(Revise, heat_goes_when_a_post_is_hidden_and_comes_back) {
    auto before = compose_json(R"({"content": "Hi"})").post;
    before.likes_count = 3;
    before.heat = stored_heat(before);
    ASSERT_TRUE(before.heat);
    auto const hidden = revise_json(before, R"({"visibility": "followers"})").post;
    EXPECT_FALSE(hidden.heat);
    EXPECT_EQ(revise_json(hidden, R"({"visibility": "public"})").post.heat, before.heat);
}

TEST(Heat, doubling_the_engagement_is_worth_a_half_life) {
    auto const at = [](std::int64_t engagement) { return heat_of(engagement, now); };
    EXPECT_EQ(at(0), now.ms);
    EXPECT_EQ(at(1), (now + heat_half_life).ms);
    EXPECT_EQ(at(3), (now + 2 * heat_half_life).ms);
    EXPECT_EQ(at(1'000'000 * 2 + 1) - at(1'000'000), heat_of(1, {}));
}

TEST(Heat, counts_what_people_do) {
    Post post;
    EXPECT_EQ(engagement_of(post), 0);
    post.likes_count = 1;
    post.reaction_counts = {{"love", 2}, {"wow", 1}};
    post.comments_count = 2;
    post.repost_count = 1;
    post.shares_count = 1'000'000;
    EXPECT_EQ(engagement_of(post), 1 + 3 + 4 + 3);
    post.dislikes_count = 5;
    EXPECT_EQ(engagement_of(post), 1);
    post.dislikes_count = 50;
    EXPECT_EQ(engagement_of(post), 0);
    EXPECT_FALSE(stored_heat(post));
}

}  // namespace
}  // namespace grover::post
