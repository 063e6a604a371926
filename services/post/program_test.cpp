// The whole service in one process: lists against brute force, counters against recounting, what a
// deletion leaves.
#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "post/service_fixture.hpp"

namespace grover::post {
namespace {

TEST_F(PostService, the_feed_is_what_brute_force_finds_to_the_very_end) {
    std::mt19937 random(7);
    auto const chance = [&](unsigned percent) { return random() % 100 < percent; };
    constexpr std::size_t count = 12;
    std::vector<std::set<std::string>> follows(count);
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t k = 0; k < count; ++k)
            if (i != k && chance(40)) follows[i].insert(user(k));
    for (std::size_t i = 0; i < count; ++i)
        people.change(user(i), [&](auto& person) {
            person.following = follows[i];
            person.is_private = i % 3 == 0;
        });
    struct Written {
        std::string id, author, visibility;
    };
    std::vector<Written> written;
    for (int i = 0; i < 200; ++i) {
        auto const author = user(random() % count);
        auto const* visibility = chance(60) ? "public" : chance(50) ? "followers" : "private";
        written.push_back({write(author, "post", visibility), author, visibility});
    }
    std::erase_if(written, [&](Written const& post) {
        return chance(10) && service.as(post.author).remove("/api/posts/" + post.id).status == 200;
    });
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::string> expected;
        for (auto const& post : written)
            if (post.author == user(i) ||
                (follows[i].contains(post.author) && post.visibility != "private"))
                expected.push_back(post.id);
        std::ranges::reverse(expected);
        auto const limit = std::to_string(1 + random() % 30);
        EXPECT_EQ(walk(service.as(user(i)), "/api/posts/feed?limit=" + limit), expected) << i;
    }
}

TEST_F(PostService, the_feed_of_more_people_than_one_query_takes_is_complete) {
    people.change("user_0", [](auto& person) {
        for (int i = 0; i < 10'050; ++i) person.following.insert("user_x" + std::to_string(i));
        person.following.insert("user_1");
        person.following.insert("user_zz");
    });
    people.add("user_zz");
    std::vector<std::string> expected;
    for (auto const* author : {"user_1", "user_zz", "user_0", "user_zz", "user_1", "user_2"})
        expected.push_back(write(author, "post"));
    expected.pop_back();  // of somebody not followed
    std::ranges::reverse(expected);
    EXPECT_EQ(walk(service.as("user_0"), "/api/posts/feed?limit=2"), expected);
}

TEST_F(PostService, a_page_is_full_although_most_of_its_rows_are_hidden) {
    people.change("user_0", [](auto& person) { person.following = {"user_1"}; });
    std::vector<std::string> expected;
    for (int i = 0; i < 150; ++i) {
        auto const id = write("user_1", "post", i % 50 == 0 ? "public" : "private");
        if (i % 50 == 0) expected.insert(expected.begin(), id);
    }
    auto const page = service.as("user_0").get("/api/posts/feed?limit=2");
    EXPECT_EQ(json::parse(page.body).as_array().size(), 2u);
    EXPECT_EQ(walk(service.as("user_0"), "/api/posts/feed?limit=2"), expected);
    auto const skipped = service.as("user_0").get("/api/posts/feed?skip=1&limit=1");
    EXPECT_EQ(json::parse(skipped.body).at(0).at("post_id").as_string(), expected[1]);
    EXPECT_FALSE(skipped.headers.contains("Link"));
}

TEST_F(PostService, explore_shows_everything_once_while_ranks_move) {
    std::vector<std::string> posts;
    for (std::size_t i = 0; i < 30; ++i) posts.push_back(write(user(i % 8), "post"));
    for (std::size_t i = 0; i < 10; ++i)
        for (std::size_t k = 0; k <= i % 4; ++k)
            ok(service.as(user(k)).post("/api/posts/" + posts[i * 3] + "/like"));
    std::size_t turn = 0;
    auto const seen = walk(service.anonymous(), "/api/posts/explore?limit=3", [&] {
        ok(service.as("user_7").post("/api/posts/" + posts[turn * 7 % 30] + "/react",
                                     R"({"reaction_type":"love"})"));
        write("user_6", "new");
        ++turn;
    });
    std::set<std::string> const once(seen.begin(), seen.end());
    EXPECT_EQ(once.size(), seen.size());
    for (auto const& post : posts) EXPECT_TRUE(once.contains(post));
}

TEST_F(PostService, explore_ranks_by_heat) {
    auto const liked = write("user_1", "liked");
    auto const talked_about = write("user_2", "talked about");
    std::vector<std::string> expected{talked_about, liked};
    for (int i = 0; i < 3; ++i)
        expected.insert(expected.begin() + 2, write("user_3", "nobody cares"));
    ok(service.as("user_0").post("/api/posts/" + liked + "/like"));
    for (int i = 0; i < 3; ++i)
        ok(service.as("user_0").post("/api/posts/" + talked_about + "/comments",
                                     R"({"content":"x"})"));
    EXPECT_EQ(walk(service.anonymous(), "/api/posts/explore?limit=2"), expected);
    EXPECT_EQ(walk(service.anonymous(), "/api/discover/trending"),
              (std::vector<std::string>{talked_about, liked}));
}

TEST_F(PostService, a_search_is_paged_as_it_was_when_it_began) {
    std::vector<std::string> posts;
    for (int i = 0; i < 12; ++i)
        posts.push_back(write("user_1", "coffee " + std::string(static_cast<std::size_t>(i), 'x')));
    int turn = 0;
    auto const found = walk(service.anonymous(), "/api/posts/search/coffee?limit=2", [&] {
        write("user_2", "coffee coffee coffee");
        service.as("user_1").remove("/api/posts/" + posts[static_cast<std::size_t>(turn++)]);
    });
    std::set<std::string> const once(found.begin(), found.end());
    EXPECT_EQ(once.size(), found.size());
    for (std::size_t i = 5; i < posts.size(); ++i) EXPECT_TRUE(once.contains(posts[i])) << i;
}

TEST_F(PostService, counters_are_exact_whatever_happens_at_once) {
    auto const post = write("user_0", "hot");
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            std::mt19937 random(static_cast<unsigned>(t));
            for (int i = 0; i < 60; ++i) {
                auto client = service.as(user(random() % 6));
                auto const base = "/api/posts/" + post;
                int status = 0;
                switch (random() % 6) {
                    case 0:
                        status = client.post(base + "/like").status;
                        break;
                    case 1:
                        status = client.remove(base + "/like").status;
                        break;
                    case 2:
                        status = client.post(base + "/dislike").status;
                        break;
                    case 3:
                        status = client.post(base + "/react", R"({"reaction_type":"wow"})").status;
                        break;
                    case 4:
                        status = client.remove(base + "/react").status;
                        break;
                    default:
                        status = client.post(base + "/save").status;
                }
                EXPECT_EQ(status, 200);
            }
        });
    threads.clear();
    std::int64_t likes = 0, dislikes = 0, wows = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        auto const mine = read(post, user(i));
        likes += mine.at("liked").as_bool();
        dislikes += mine.at("disliked").as_bool();
        wows += !mine.at("user_reaction").is_null();
        EXPECT_FALSE(mine.at("liked").as_bool() && mine.at("disliked").as_bool());
    }
    auto const shown = read(post);
    EXPECT_EQ(shown.at("likes_count").as_int64(), likes);
    EXPECT_EQ(shown.at("dislikes_count").as_int64(), dislikes);
    auto const* counted = shown.at("reaction_counts").as_object().if_contains("wow");
    EXPECT_EQ(counted ? counted->as_int64() : 0, wows);
}

TEST_F(PostService, comments_are_counted_while_their_thread_is_deleted) {
    auto const post = write("user_0", "post");
    auto const comments = "/api/posts/" + post + "/comments";
    auto const parent = ok(service.as("user_1").post(comments, R"({"content":"parent"})"));
    auto const parent_id = std::string(parent.at("comment_id").as_string());
    json::object const reply{{"content", "reply"}, {"parent_comment_id", parent_id}};
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                if (t == 0 && i == 10)
                    EXPECT_EQ(service.as("user_1").remove("/api/comments/" + parent_id).status,
                              200);
                auto const status =
                    service.as(user(t)).post(comments, json::serialize(reply)).status;
                EXPECT_TRUE(status == 201 || status == 404) << status;
            }
        });
    threads.clear();
    EXPECT_EQ(read(post).at("comments_count").as_int64(), 0);
    service.background("clear away");
    EXPECT_EQ(stored("comments"), 0);
}

TEST_F(PostService, a_deleted_post_leaves_nothing_behind) {
    auto const post = write("user_0", "gone soon #tag @user_3");
    auto const base = "/api/posts/" + post;
    ok(service.as("user_1").post(base + "/like"));
    ok(service.as("user_1").post(base + "/save"));
    auto const repost = ok(service.as("user_2").post(base + "/repost", "{}"));
    ok(service.as("user_1").post("/api/posts/" + std::string(repost.at("repost_id").as_string()) +
                                 "/like"));
    auto const comment = ok(service.as("user_1").post(base + "/comments", R"({"content":"c"})"));
    ok(service.as("user_2").post("/api/comments/" +
                                 std::string(comment.at("comment_id").as_string()) + "/like"));
    ok(service.as("user_0").remove(base));
    EXPECT_EQ(service.as("user_0").get(base).status, 404);
    EXPECT_EQ(service.as("user_2").get("/api/posts/me").body, "[]");
    // Clearing the post deletes its repost, which is cleared in the next turn.
    service.background("clear away");
    service.background("clear away");
    for (auto const* collection :
         {"posts", "engagements", "comments", "comment_likes", "post_tags", "mentions", "jobs"})
        EXPECT_EQ(stored(collection), 0) << collection;
    EXPECT_EQ(service.as("user_0").get("/api/search/hashtags?q=tag").body, "[]");
}

TEST_F(PostService, a_deleted_person_leaves_nothing_behind) {
    auto const kept = write("user_0", "stays, with @user_1");
    auto const base = "/api/posts/" + kept;
    write("user_1", "goes");
    for (auto const* who : {"user_1", "user_2"}) {
        ok(service.as(who).post(base + "/like"));
        ok(service.as(who).post(base + "/react", R"({"reaction_type":"sad"})"));
        ok(service.as(who).post(base + "/repost", "{}"));
        auto const comment = ok(service.as(who).post(base + "/comments", R"({"content":"c"})"));
        ok(service.as("user_1").post("/api/comments/" +
                                     std::string(comment.at("comment_id").as_string()) + "/like"));
    }
    people.remove("user_1");
    ASSERT_EQ(deliver("user.deleted.v1", {{"user_id", "user_1"}}, "evt_1").status, 200);
    ASSERT_EQ(deliver("user.deleted.v1", {{"user_id", "user_1"}}, "evt_1").status, 200);
    for (int turn = 0; turn < 3; ++turn) service.background("clear away");

    auto const post = read(kept);
    EXPECT_EQ(post.at("likes_count").as_int64(), 1);
    EXPECT_EQ(post.at("reaction_counts").at("sad").as_int64(), 1);
    EXPECT_EQ(post.at("comments_count").as_int64(), 1);
    EXPECT_EQ(post.at("repost_count").as_int64(), 1);
    auto const comments = ok(service.as("user_0").get(base + "/comments"));
    EXPECT_EQ(comments.at(0).at("likes_count").as_int64(), 0);
    for (auto const& [collection, documents] : exported("user_1"))
        EXPECT_EQ(documents, 0u) << collection;
}

TEST_F(PostService, an_export_comes_in_pages_of_each_collection) {
    for (int i = 0; i < 205; ++i) write("user_0", std::to_string(i));
    ok(service.as("user_0").post("/api/posts/" + write("user_1", "theirs") + "/like"));
    std::map<std::string, std::size_t> const expected{
        {"posts", 205}, {"comments", 0}, {"engagements", 1}, {"comment_likes", 0}, {"mentions", 0}};
    EXPECT_EQ(exported("user_0"), expected);

    auto const status = [&](std::string const& cursor) {
        return service.service("user-service")
            .get("/internal/users/user_0/export?cursor=" + cursor)
            .status;
    };
    for (http::Position const& position :
         {http::Position{}, {5}, {-1}, {"posts"}, {1.5}, {0, "a", "b"}, {4, "a"}})
        EXPECT_EQ(status(http::encode_cursor(position)), 422)
            << json::serialize(json::value(json::array(position.begin(), position.end())));
    EXPECT_EQ(status("!"), 422);
    EXPECT_EQ(service.as("user_0").get("/internal/users/user_0/export").status, 404);
}

TEST_F(PostService, a_repost_is_one_of_the_original_and_only_one) {
    auto const post = write("user_0", "original");
    auto const first = ok(service.as("user_1").post("/api/posts/" + post + "/repost", "{}"));
    auto const repost = std::string(first.at("repost_id").as_string());
    EXPECT_EQ(service.as("user_1").post("/api/posts/" + post + "/repost").status, 409);
    auto const second = ok(service.as("user_2").post("/api/posts/" + repost + "/repost"));
    EXPECT_EQ(second.at("repost_count").as_int64(), 2);
    EXPECT_TRUE(read(repost, "user_1").at("original_post").at("reposted").as_bool());
    EXPECT_EQ(walk(service.anonymous(), "/api/posts/" + post + "/reposts").size(), 2u);
    ok(service.as("user_1").remove("/api/posts/" + repost));
    EXPECT_EQ(read(post, "user_1").at("repost_count").as_int64(), 1);
    EXPECT_FALSE(read(post, "user_1").at("reposted").as_bool());
    ok(service.as("user_2").remove("/api/posts/" + post + "/unrepost"));
    auto const again = ok(service.as("user_2").remove("/api/posts/" + post + "/unrepost"));
    EXPECT_EQ(again.at("status").as_string(), "not_reposted");
    EXPECT_EQ(again.at("repost_count").as_int64(), 0);
}

TEST_F(PostService, a_change_needs_the_version_it_was_made_from) {
    auto const post = write("user_0", "one");
    auto const put = [&](std::string const& etag, std::string const& body) {
        http::Headers headers;
        headers.add("If-Match", etag);
        headers.add("Content-Type", "application/json");
        return service.as("user_0").send("PUT", "/api/posts/" + post, body, headers).status;
    };
    auto const etag_now = [&] {
        return std::string(service.as("user_0").get("/api/posts/" + post).headers.get("ETag"));
    };
    auto const old = etag_now();
    EXPECT_EQ(put(old, R"({"content":"two"})"), 200);
    EXPECT_EQ(put(old, R"({"content":"three"})"), 412);
    EXPECT_EQ(put("*", R"({"content":"three"})"), 200);
    EXPECT_EQ(put(etag_now(), R"({"content":"four"})"), 200);
    EXPECT_EQ(read(post).at("content").as_string(), "four");
}

TEST_F(PostService, a_block_hides_a_comment_from_everyone_below_the_blockers_post) {
    auto const post = write("user_0", "post");
    auto const comments = "/api/posts/" + post + "/comments";
    ok(service.as("user_1").post(comments, R"({"content":"rude"})"));
    ok(service.as("user_2").post(comments, R"({"content":"kind"})"));
    people.change("user_0", [](auto& person) { person.blocked = {"user_1"}; });
    people.change("user_1", [](auto& person) { person.blocked = {"user_0"}; });
    ASSERT_EQ(deliver("user.relation_changed.v1", {{"user_id", "user_0"}, {"other_id", "user_1"}},
                      "evt_1")
                  .status,
              200);
    for (auto const* viewer : {"user_0", "user_3"}) {
        auto const shown = ok(service.as(viewer).get(comments));
        ASSERT_EQ(shown.as_array().size(), 1u);
        EXPECT_EQ(shown.at(0).at("content").as_string(), "kind");
    }
    EXPECT_EQ(service.as("user_1").get(comments).status, 404);
}

TEST_F(PostService, cursors_of_other_lists_are_refused) {
    write("user_0", "a");
    write("user_0", "b");
    auto const page = service.as("user_0").get("/api/posts/explore?limit=1");
    auto const link = std::string(page.headers.get("Link"));
    auto const begin = link.find("cursor=") + 7;
    auto const cursor = link.substr(begin, link.find('>') - begin);
    for (auto const* list :
         {"/api/posts/feed", "/api/posts/saved", "/api/posts/me", "/api/mentions",
          "/api/trending/tags", "/api/search/hashtags?q=a", "/api/posts/search/a"})
        EXPECT_EQ(service.as("user_0")
                      .get(list + std::string(std::string_view(list).contains('?') ? "&" : "?") +
                           "cursor=" + cursor)
                      .status,
                  422)
            << list;
    // Well formed, and unknown: the list it belonged to is over.
    auto const old = http::encode_cursor({"0123456789abcdef", 0, ""});
    EXPECT_EQ(service.as("user_0").get("/api/posts/explore?cursor=" + old).status, 410);
}

}  // namespace
}  // namespace grover::post
