// What is counted of tags: what an anonymous reader could count, however accounts change.
#include "post/service_fixture.hpp"
#include "post/tag_index.hpp"

namespace grover::post {
namespace {

class TagCounts : public PostService {
protected:
    /// "tag:count" of all pages.
    std::vector<std::string> tags(
        std::string const& beginning, std::size_t limit = 20,
        std::function<void()> between = [] {}) {
        std::vector<std::string> out;
        auto target = "/api/search/hashtags?q=" + beginning + "&limit=" + std::to_string(limit);
        while (!target.empty()) {
            auto const page = service.anonymous().get(target);
            for (auto const& tag : ok(page).as_array())
                out.push_back(std::string(tag.at("tag").as_string()) + ":" +
                              std::to_string(tag.at("posts_count").as_int64()));
            auto const link = page.headers.get("Link");
            target = link.empty() ? "" : std::string(link.substr(1, link.find('>') - 1));
            if (!target.empty()) between();
        }
        return out;
    }
    void set_private(std::string const& user, bool is_private) {
        people.change(user, [&](auto& person) { person.is_private = is_private; });
        ASSERT_EQ(
            deliver("user.updated.v1", {{"user_id", user}}, "evt_" + std::to_string(++events_))
                .status,
            200);
        service.background("clear away");
    }
    template <class T>
    void store_directly(std::string const& collection, std::vector<T> const& documents) {
        testing::run_on(service.loop(), [&]() -> Task<> {
            store::Collection<T> const all(service.store(), collection);
            store::Batch batch;
            for (auto const& document : documents) all.insert(batch, document);
            EXPECT_TRUE(co_await service.store().commit(std::move(batch)));
        });
    }

    using Tags = std::vector<std::string>;
    int events_ = 0;
};

TEST_F(TagCounts, tags_of_a_private_account_are_not_counted) {
    people.change("user_1", [](auto& person) { person.is_private = true; });
    write("user_0", "#xboth #xopen");
    auto const hidden = write("user_1", "#xboth #xhidden");
    EXPECT_EQ(tags("x"), (Tags{"xboth:1", "xopen:1"}));
    ok(service.as("user_1").put("/api/posts/" + hidden, R"({"content":"#xboth #xother"})"));
    EXPECT_EQ(tags("x"), (Tags{"xboth:1", "xopen:1"}));
    ok(service.as("user_1").remove("/api/posts/" + hidden));
    EXPECT_EQ(tags("x"), (Tags{"xboth:1", "xopen:1"}));
}

TEST_F(TagCounts, they_follow_the_account) {
    write("user_0", "#xboth");
    auto const post = write("user_1", "#xboth #xmine");
    write("user_1", "#xboth #xmine", "followers");
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(tags("x"), (Tags{"xboth:2", "xmine:1"}));
        set_private("user_1", true);
        EXPECT_EQ(tags("x"), Tags{"xboth:1"});
        set_private("user_1", true);
        EXPECT_EQ(tags("x"), Tags{"xboth:1"});
        set_private("user_1", false);
    }
    set_private("user_1", true);
    ok(service.as("user_1").put("/api/posts/" + post, R"({"content":"#xmine #xmore"})"));
    set_private("user_1", false);
    EXPECT_EQ(tags("x"), (Tags{"xboth:1", "xmine:1", "xmore:1"}));
    ok(service.as("user_1").put("/api/posts/" + post, R"({"visibility":"private"})"));
    EXPECT_EQ(tags("x"), Tags{"xboth:1"});
}

TEST_F(TagCounts, many_posts_are_counted_anew_in_pieces) {
    for (int i = 0; i < 230; ++i) write("user_1", "#many");
    set_private("user_1", true);
    EXPECT_EQ(tags("many"), Tags{});
    set_private("user_1", false);
    EXPECT_EQ(tags("many"), Tags{"many:230"});
}

TEST_F(TagCounts, what_an_earlier_version_stored_is_looked_at_once) {
    people.change("user_1", [](auto& person) { person.is_private = true; });
    auto const now = system_now();
    auto const use = [&](std::string const& tag, std::string const& author, bool listed) {
        auto const post = PostId::make(now);
        return PostTag{tag + "#" + post.str(), tag, post, UserId::trusted(author), listed, {}, now};
    };
    store_directly<PostTag>(
        "post_tags",
        {use("xhidden", "user_1", true), use("xboth", "user_1", true), use("xboth", "user_0", true),
         use("xboth", "user_0", false), use("xgone", "nobody", true)});
    store_directly<Tag>("tags", {{"xhidden", 1}, {"xboth", 2}, {"xgone", 1}});
    service.background("bring up to date");
    EXPECT_EQ(tags("x"), Tags{"xboth:1"});
    service.background("bring up to date");
    set_private("user_1", false);
    EXPECT_EQ(tags("x"), (Tags{"xboth:2", "xhidden:1"}));
}

TEST_F(TagCounts, the_most_used_come_first_to_the_end_and_none_twice) {
    for (int i = 0; i < 5; ++i)
        for (int k = 0; k <= i; ++k) write("user_0", "#tag" + std::to_string(i));
    Tags const all{"tag4:5", "tag3:4", "tag2:3", "tag1:2", "tag0:1"};
    for (std::size_t const limit : {1u, 2u, 5u, 100u}) EXPECT_EQ(tags("tag", limit), all) << limit;
    // The order is that of the first page.
    EXPECT_EQ(tags("tag", 2, [&] { write("user_0", "#tag0 #tagnew"); }),
              (Tags{"tag4:5", "tag3:4", "tag2:3", "tag1:2", "tag0:3"}));
}

TEST_F(TagCounts, the_most_used_are_found_behind_a_thousand_others) {
    std::vector<Tag> many;
    for (int i = 0; i < 1'200; ++i) many.push_back({"a" + std::to_string(10'000 + i), 1});
    many.push_back({"azure", 9});
    store_directly<Tag>("tags", many);
    EXPECT_EQ(tags("a").front(), "azure:9");
}

TEST_F(TagCounts, trending_tags_have_pages) {
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t k = 0; k < 7 - i; ++k) write(user(k), "#tag" + std::to_string(i));
    std::vector<std::string> found;
    std::string target = "/api/trending/tags?limit=2";
    for (; !target.empty();) {
        auto const page = service.anonymous().get(target);
        for (auto const& tag : ok(page).as_array()) found.emplace_back(tag.at("tag").as_string());
        auto const link = page.headers.get("Link");
        target = link.empty() ? "" : std::string(link.substr(1, link.find('>') - 1));
    }
    auto const whole = ok(service.anonymous().get("/api/trending/tags?limit=100"));
    ASSERT_GE(whole.as_array().size(), 3u);
    std::vector<std::string> expected;
    for (auto const& tag : whole.as_array()) expected.emplace_back(tag.at("tag").as_string());
    EXPECT_EQ(found, expected);
}

TEST_F(TagCounts, cursors_of_other_lists_are_refused) {
    auto const other = http::encode_cursor({"a"});
    for (auto const* list : {"/api/search/hashtags?q=a&cursor=", "/api/trending/tags?cursor="})
        for (std::string const& cursor : {other, std::string("!"), std::string("W10")})
            EXPECT_EQ(service.anonymous().get(list + cursor).status, 422) << list << cursor;
}

}  // namespace
}  // namespace grover::post
