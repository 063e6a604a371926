// Who sees which post where: every relation, audience and kind of account on every surface that
// shows posts, generated, against the contract's rule written down once more.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "post/compose.hpp"
#include "post/directory_stand_in.hpp"
#include "post/program.hpp"
#include "testing/program.hpp"

namespace grover::post {
namespace {

namespace json = boost::json;

using Ids = std::set<std::string>;

struct Sample {
    std::string id, author;
    bool private_account = false;
    Visibility audience = Visibility::public_;
};

/// Everybody in the test is named after what they are to both authors.
std::vector<std::string> const viewers{"user_follower", "user_stranger",  "user_blocked",
                                       "user_muting",   "user_moderator", "user_open",
                                       "user_closed",   "anonymous"};

/// The contract's sentence: audience, private account, block, deletion; moderators see it.
bool may_see(std::string const& viewer, Sample const& sample) {
    if (viewer == sample.author || viewer == "user_moderator") return true;
    if (viewer == "user_blocked" || sample.audience == Visibility::private_) return false;
    bool const follows = viewer == "user_follower" || viewer == "user_muting";
    return follows || (sample.audience == Visibility::public_ && !sample.private_account);
}
bool wants(std::string const& viewer) {
    return viewer != "user_muting";
}

class Isolation : public ::testing::Test {
protected:
    Isolation() : service({{"USER_SERVICE_URL", people.origin()}}) {
        for (auto const& viewer : viewers) people.add(viewer);
        people.add("user_reposter");
        std::set<std::string> const authors{"user_open", "user_closed"};
        people.change("user_closed", [](auto& person) { person.is_private = true; });
        for (auto const* viewer : {"user_follower", "user_muting", "user_blocked"})
            people.change(viewer, [&](auto& person) { person.following = authors; });
        people.change("user_muting", [&](auto& person) { person.muted = authors; });
        people.change("user_blocked", [&](auto& person) { person.blocked = authors; });
        for (auto const& author : authors)
            for (auto const audience :
                 {Visibility::public_, Visibility::followers, Visibility::private_})
                samples.push_back(
                    {write(author, audience), author, author == "user_closed", audience});
        leave_traces();
    }

    std::string write(std::string const& author, Visibility audience) {
        json::array tagged;
        for (auto const& viewer : viewers)
            if (viewer != "anonymous") tagged.emplace_back(viewer);
        json::object const body{{"content", "findme #topic"},
                                {"media_url", "https://example.org/a.png"},
                                {"tagged_users", tagged},
                                {"visibility", reflect::name_of(audience)}};
        auto const made = as(author).post("/api/posts", json::serialize(body));
        EXPECT_EQ(made.status, 201) << made.body;
        return std::string(json::parse(made.body).at("post_id").as_string());
    }

    /// Everybody has saved every post and somebody has reposted it, as if it had been public once.
    void leave_traces() {
        store::Batch batch;
        Engagements const engagements(service.store());
        store::Collection<Post> const posts(service.store(), "posts");
        for (auto const& sample : samples) {
            auto const id = PostId::trusted(sample.id);
            for (auto const& viewer : viewers) {
                Engagement saved;
                saved.post_id = id;
                saved.user_id = UserId::trusted(viewer);
                saved.engagement_id = engagement_id(id, saved.user_id);
                saved.saved_at = system_now();
                engagements.all().insert(batch, saved);
            }
            Post original;
            original.post_id = id;
            posts.insert(batch, compose_repost(original, {}, UserId::trusted("user_reposter"),
                                               system_now()));
        }
        auto const done = testing::run_on(service.loop(),
                                          [&] { return service.store().commit(std::move(batch)); });
        ASSERT_TRUE(done);
    }

    testing::Client as(std::string const& viewer) {
        if (viewer == "anonymous") return service.anonymous();
        if (viewer == "user_moderator") return service.as(viewer, {auth::Role::moderator});
        return service.as(viewer);
    }

    /// The posts of a list, read page by page; `original`: those that its items repost.
    enum class Take { item, original };
    Ids listed(std::string const& viewer, std::string target, Take take = Take::item) {
        Ids out;
        while (!target.empty()) {
            auto const page = as(viewer).get(target);
            EXPECT_EQ(page.status, 200) << viewer << " " << target << " " << page.body;
            if (page.status != 200) break;
            for (auto const& item : json::parse(page.body).as_array()) {
                auto const& post = take == Take::item ? item : item.at("original_post");
                EXPECT_TRUE(out.insert(std::string(post.at("post_id").as_string())).second);
            }
            auto const link = page.headers.get("Link");
            target = link.empty() ? "" : std::string(link.substr(1, link.find('>') - 1));
        }
        return out;
    }
    Ids of_both(std::string const& viewer, std::string const& pattern) {
        Ids out;
        for (auto const* author : {"user_open", "user_closed"})
            out.merge(listed(viewer, fmt::format(fmt::runtime(pattern), author)));
        return out;
    }
    /// The samples whose own page of that kind is there; the others must be 404.
    Ids there(std::string const& viewer, std::string const& suffix) {
        Ids out;
        for (auto const& sample : samples) {
            auto const status = as(viewer).get("/api/posts/" + sample.id + suffix).status;
            EXPECT_TRUE(status == 200 || status == 404) << status;
            if (status == 200) out.insert(sample.id);
        }
        return out;
    }
    template <class Rule>
    Ids expected(Rule rule) {
        Ids out;
        for (auto const& sample : samples)
            if (rule(sample)) out.insert(sample.id);
        return out;
    }

    DirectoryStandIn people;
    testing::Running<Program> service;
    std::vector<Sample> samples;
};

TEST_F(Isolation, a_posts_own_pages) {
    for (auto const& viewer : viewers) {
        auto const seen = expected([&](auto const& sample) { return may_see(viewer, sample); });
        for (auto const* suffix : {"", "/comments", "/likes", "/reactions", "/reposts"})
            EXPECT_EQ(there(viewer, suffix), seen) << viewer << " " << suffix;
    }
}

TEST_F(Isolation, lists_asked_for_by_name) {
    for (auto const& viewer : viewers) {
        auto const seen = expected([&](auto const& sample) { return may_see(viewer, sample); });
        EXPECT_EQ(of_both(viewer, "/api/posts/user/{}?limit=2"), seen) << viewer;
        EXPECT_EQ(of_both(viewer, "/api/posts?limit=1&user_id={}"), seen) << viewer;
        EXPECT_EQ(of_both(viewer, "/api/posts/media?limit=2&user_id={}"), seen) << viewer;
        EXPECT_EQ(listed(viewer, "/api/posts/user/user_reposter?limit=2", Take::original), seen)
            << viewer;
        if (viewer != "anonymous")
            EXPECT_EQ(listed(viewer, "/api/posts/saved?limit=2"), seen) << viewer;
    }
}

TEST_F(Isolation, lists_that_the_service_offers) {
    for (auto const& viewer : viewers) {
        auto const offered =
            expected([&](auto const& sample) { return may_see(viewer, sample) && wants(viewer); });
        EXPECT_EQ(listed(viewer, "/api/posts/search/findme?limit=2"), offered) << viewer;
        EXPECT_EQ(listed(viewer, "/api/posts/search/%23topic?limit=2"), offered) << viewer;
        EXPECT_EQ(listed(viewer, "/api/search/hashtag/topic/posts?limit=2"), offered) << viewer;
        EXPECT_EQ(listed(viewer, "/api/posts/media?limit=2"), offered) << viewer;
        if (viewer != "anonymous")
            EXPECT_EQ(listed(viewer, "/api/mentions?limit=2"), offered) << viewer;
        auto const explored = expected([&](auto const& sample) {
            return may_see(viewer, sample) && wants(viewer) &&
                   sample.audience == Visibility::public_;
        });
        EXPECT_EQ(listed(viewer, "/api/posts/explore?limit=2"), explored) << viewer;
    }
}

TEST_F(Isolation, the_feed) {
    for (auto const& viewer : viewers) {
        if (viewer == "anonymous") continue;
        auto const fed = expected([&](auto const& sample) {
            bool const follows =
                viewer == "user_follower" || viewer == "user_muting" || viewer == "user_blocked";
            return may_see(viewer, sample) && wants(viewer) && (follows || viewer == sample.author);
        });
        EXPECT_EQ(listed(viewer, "/api/posts/feed?limit=2"), fed) << viewer;
    }
}

TEST_F(Isolation, what_one_cannot_see_one_cannot_touch) {
    for (auto const& viewer : viewers)
        for (auto const& sample : samples) {
            if (viewer == "anonymous") continue;
            auto const status = [&](std::string const& method, std::string const& what,
                                    std::string body = {}) {
                return as(viewer)
                    .send(method, "/api/posts/" + sample.id + what, std::move(body))
                    .status;
            };
            auto const seen = may_see(viewer, sample);
            EXPECT_EQ(status("POST", "/like"), seen ? 200 : 404) << viewer;
            EXPECT_EQ(status("POST", "/comments", R"({"content":"x"})"), seen ? 201 : 404);
            EXPECT_EQ(status("POST", "/repost", "{}"), seen ? 201 : 404);
            EXPECT_EQ(status("PUT", "", R"({"location":"x"})"), viewer == sample.author ? 200
                                                                : seen                  ? 403
                                                                                        : 404);
        }
}

TEST_F(Isolation, nobody_sees_what_is_left_of_somebody_who_is_gone) {
    people.remove("user_open");
    events::Shipment const shipment{1,
                                    {{"1.0",
                                      "evt_1",
                                      "/user-service",
                                      "user.updated.v1",
                                      system_now(),
                                      "application/json",
                                      {},
                                      json::object{{"user_id", "user_open"}}}}};
    ASSERT_EQ(
        service.service("user-service").post("/internal/events", reflect::to_json(shipment)).status,
        200);
    auto const left = expected([](auto const& sample) { return sample.author == "user_closed"; });
    EXPECT_EQ(there("user_moderator", ""), left);
    EXPECT_EQ(listed("user_moderator", "/api/posts/search/findme"), left);
    EXPECT_EQ(listed("user_moderator", "/api/posts/saved"), left);
    EXPECT_EQ(as("user_moderator").get("/api/posts/user/user_open").status, 404);
}

TEST_F(Isolation, without_the_user_service_nothing_is_shown_on_trust) {
    people.stop();
    EXPECT_EQ(service.as("user_late").get("/api/posts/feed").status, 503);
    EXPECT_EQ(service.as("user_late").get("/api/posts/" + samples[0].id).status, 503);
}

}  // namespace
}  // namespace grover::post
