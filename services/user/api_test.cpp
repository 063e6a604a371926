// The whole service in one process, over its real pipeline and store. One file, because all of it
// stands on one fixture.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "testing/program.hpp"
#include "user/data.hpp"
#include "user/program.hpp"

namespace grover::user {
namespace {

namespace json = boost::json;

struct Api : ::testing::Test {
    grover::testing::Running<Program> service;
    Data data{service.store()};

    static json::value call(int status, http::Response const& reply) {
        EXPECT_EQ(reply.status, status) << reply.body;
        return reply.body.empty() ? json::value() : json::parse(reply.body);
    }
    static std::string status_of(http::Response const& reply) {
        return std::string(call(200, reply).at("status").as_string());
    }
    static std::string code_of(int status, http::Response const& reply) {
        return std::string(call(status, reply).at("code").as_string());
    }
    static std::vector<std::string> ids(http::Response const& reply) {
        std::vector<std::string> out;
        for (auto const& item : call(200, reply).as_array())
            out.emplace_back(item.at("user_id").as_string());
        return out;
    }
    static std::string of(UserId const& id, std::string_view what = "") {
        return "/api/users/" + id.str() + std::string(what);
    }

    template <class Function>
    auto run(Function function) {
        return grover::testing::run_on(service.loop(), std::move(function));
    }
    /// Adds an account without the cost of a password.
    UserId person(std::string const& name, bool is_private = false) {
        auto const now = system_now();
        User user;
        user.user_id = UserId::make(now);
        user.email = user.email_key = user.user_id.str() + "@example.org";
        user.name = name;
        user.roles = {Role::user};
        user.is_private = is_private;
        user.created_at = user.updated_at = now;
        run([&]() -> Task<> {
            store::Batch batch;
            data.users.insert(batch, user);
            EXPECT_TRUE(co_await service.store().commit(std::move(batch)));
        });
        return user.user_id;
    }
    User stored(UserId const& id) {
        return run([&]() -> Task<User> { co_return (co_await data.user(id)).value; });
    }
    grover::testing::Client as(UserId const& id) { return service.as(id.str()); }
    std::string follow(UserId const& who, UserId const& whom) {
        return status_of(as(who).post(of(whom, "/follow")));
    }
};

// ---- Accounts -----------------------------------------------------------------------------------

TEST_F(Api, RegisterSignInAndOneAnswerForEveryFailure) {
    auto nobody = service.anonymous();
    auto const made = nobody.post(
        "/api/auth/register",
        R"({"email": " Ann@Example.org ", "password": "correct horse", "name": "  Ann  "})");
    auto const user = call(201, made);
    EXPECT_EQ(user.at("name").as_string(), "Ann");
    EXPECT_EQ(user.at("email").as_string(), "Ann@Example.org");
    EXPECT_EQ(user.at("session_token").as_string().size(), 43u);
    EXPECT_FALSE(user.as_object().contains("email_key"));
    EXPECT_EQ(made.headers.get("Location"),
              "/api/users/" + std::string(user.at("user_id").as_string()));

    auto const taken =
        nobody.post("/api/auth/register",
                    R"({"email": "ANN@example.ORG", "password": "something else", "name": "Eve"})");
    EXPECT_EQ(code_of(409, taken), "email_taken");

    auto const sign_in = [&](std::string const& email, std::string const& password) {
        return nobody.post("/api/auth/session",
                           R"({"email": ")" + email + R"(", "password": ")" + password + R"("})");
    };
    call(200, sign_in("ann@EXAMPLE.org", "correct horse"));
    auto const wrong = sign_in("ann@example.org", "wrong horse!");
    auto const unknown = sign_in("bob@example.org", "correct horse");
    EXPECT_EQ(code_of(401, wrong), "wrong_credentials");
    EXPECT_EQ(wrong.body, unknown.body);
}

TEST_F(Api, BadValuesAreNamedAllAtOnce) {
    auto const pointers = [&](std::string const& body) {
        auto const reply = call(422, service.anonymous().post("/api/auth/register", body));
        std::string out;
        for (auto const& issue : reply.at("errors").as_array())
            out += std::string(issue.at("pointer").as_string()) + " ";
        return out;
    };
    auto const name = [](std::string const& value) {
        return R"({"email": "a@b.org", "password": "long enough", "name": )" + value + "}";
    };
    EXPECT_EQ(pointers("{}"), "/email /password /name ");
    EXPECT_EQ(pointers(R"({"email": null, "password": null, "name": null})"),
              "/email /password /name ");
    EXPECT_EQ(pointers(R"({"email": "a@b.org", "password": "short", "name": ""})"),
              "/password /name ");
    EXPECT_EQ(pointers(R"({"email": "nope", "password": "long enough", "name": "  "})"),
              "/email /name ");
    for (auto const& bad : {std::string("7"), std::string(R"("a\u0000b")"),
                            std::string(R"("a\nb")"), '"' + std::string(10'000, 'x') + '"'})
        EXPECT_EQ(pointers(name(bad)), "/name ") << bad.substr(0, 20);
    for (auto const* body :
         {R"({"email": "a@b.org", "password": "x", "session_id": "y"})", "{}",
          R"({"provider": "x"})", R"({"email": "a@b.org"})", R"({"session_id": "a b"})"})
        call(422, service.anonymous().post("/api/auth/session", body));
    EXPECT_EQ(code_of(401, service.anonymous().post("/api/auth/session", R"({"session_id": "x"})")),
              "no_login_broker");
}

TEST_F(Api, ProfileChangesAreCheckedAndConditional) {
    auto const ann = person("Ann");
    auto const change = [&](char const* body, std::string const& etag = "") {
        http::Headers headers;
        if (!etag.empty()) headers.add("If-Match", etag);
        return as(ann).send("PUT", "/api/users/profile", body, headers);
    };
    auto const stale = std::string(as(ann).get("/api/auth/me").headers.get("ETag"));
    auto const changed = call(200, change(R"({"website": "example.org", "bio": " hi "})"));
    EXPECT_EQ(changed.at("website").as_string(), "https://example.org");
    EXPECT_EQ(changed.at("bio").as_string(), "hi");
    EXPECT_EQ(call(200, change(R"({"bio": "hi", "name": null})")), changed);
    EXPECT_TRUE(call(200, change(R"({"website": ""})")).at("website").is_null());

    call(412, change(R"({"bio": "x"})", stale));
    call(200,
         change(R"({"bio": "x"})", std::string(as(ann).get("/api/users/me").headers.get("ETag"))));
    for (auto const* bad :
         {R"({"name": " "})", R"({"website": "javascript:x"})", R"({"picture": "x"})",
          R"({"paypal_email": "x"})", R"({"is_private": "yes"})", R"({"twitter": "a\nb"})"})
        call(422, change(bad));
    call(401, service.anonymous().put("/api/users/profile", "{}"));
}

TEST_F(Api, NotificationSettings) {
    auto const ann = person("Ann");
    call(200, as(ann).put("/api/users/notification-settings", R"({"notify_likes": false})"));
    auto const settings = call(200, as(ann).get("/api/users/me/notification-settings"));
    EXPECT_EQ(settings.as_object().size(), 7u);
    EXPECT_FALSE(settings.at("notify_likes").as_bool());
    EXPECT_TRUE(settings.at("notify_sales").as_bool());
    call(422, as(ann).put("/api/users/notification-settings", R"({"notify_likes": 1})"));
}

TEST_F(Api, RolesAreGivenByAdmins) {
    auto const ann = person("Ann"), root = person("Root");
    auto admin = service.as(root.str(), {Role::user, Role::admin});
    call(403, as(ann).put(of(ann, "/roles"), R"({"roles": ["admin"]})"));
    call(200, admin.put(of(ann, "/roles"), R"({"roles": ["moderator", "moderator"]})"));
    EXPECT_EQ(stored(ann).roles, (std::vector{Role::user, Role::moderator}));
    call(422, admin.put(of(ann, "/roles"), R"({"roles": ["king"]})"));
    call(404, admin.put("/api/users/user_x/roles", R"({"roles": []})"));
    EXPECT_EQ(code_of(409, admin.put(of(root, "/roles"), R"({"roles": []})")), "last_admin");
}

// ---- Relations ----------------------------------------------------------------------------------

TEST_F(Api, FollowAndUnfollow) {
    auto const ann = person("Ann"), bob = person("Bob");
    EXPECT_EQ(follow(ann, bob), "followed");
    EXPECT_EQ(follow(ann, bob), "already_following");
    auto const seen = call(200, as(ann).get(of(bob)));
    EXPECT_TRUE(seen.at("is_following").as_bool());
    EXPECT_FALSE(seen.at("follows_you").as_bool());
    EXPECT_FALSE(seen.as_object().contains("email"));
    EXPECT_TRUE(call(200, as(bob).get(of(ann))).at("follows_you").as_bool());
    auto const reply = call(200, as(ann).remove(of(bob, "/follow")));
    EXPECT_EQ(reply.at("status").as_string(), "unfollowed");
    EXPECT_EQ(reply.at("followers_count").as_int64(), 0);
    EXPECT_EQ(status_of(as(ann).remove(of(bob, "/follow"))), "not_following");
    call(400, as(ann).post(of(ann, "/follow")));
    call(404, as(ann).post("/api/users/user_x/follow"));
    call(404, as(ann).post("/api/users/a%3Ab/follow"));
    call(401, service.anonymous().post(of(bob, "/follow")));
    call(401, service.as("user_gone").post(of(bob, "/follow")));
}

TEST_F(Api, PrivateAccountsAreFollowedByRequest) {
    auto const ann = person("Ann", true), bob = person("Bob"), eve = person("Eve");
    EXPECT_EQ(follow(bob, ann), "requested");
    EXPECT_EQ(follow(eve, ann), "requested");
    EXPECT_TRUE(call(200, as(bob).get(of(ann))).at("follow_requested").as_bool());
    EXPECT_EQ(ids(as(ann).get("/api/users/me/follow-requests")).size(), 2u);
    EXPECT_EQ(code_of(403, as(bob).get(of(ann, "/followers"))), "private_account");
    call(403, service.anonymous().get(of(ann, "/following")));

    EXPECT_EQ(status_of(as(ann).post(of(bob, "/follow-request/accept"))), "accepted");
    EXPECT_EQ(status_of(as(ann).post(of(bob, "/follow-request/accept"))), "accepted");
    EXPECT_EQ(status_of(as(ann).post(of(eve, "/follow-request/reject"))), "rejected");
    call(404, as(ann).post(of(eve, "/follow-request/reject")));
    call(404, as(ann).post(of(eve, "/follow-request/accept")));
    EXPECT_EQ(stored(ann).followers_count, 1);
    EXPECT_EQ(ids(as(bob).get(of(ann, "/followers"))), std::vector{bob.str()});
    call(200, as(ann).get(of(ann, "/followers")));
    call(200, service.as(eve.str(), {Role::moderator}).get(of(ann, "/followers")));
    call(403, as(eve).get(of(ann, "/followers")));
}

TEST_F(Api, BlockHidesEachFromTheOther) {
    auto const ann = person("Ann Fox"), bob = person("Bob Fox"), eve = person("Eve Fox");
    follow(ann, bob), follow(bob, ann), follow(eve, ann), follow(eve, bob);
    EXPECT_EQ(status_of(as(ann).post(of(bob, "/block"))), "blocked");
    EXPECT_EQ(status_of(as(ann).post(of(bob, "/block"))), "already_blocked");
    for (auto const& [who, whom] : {std::pair{ann, bob}, std::pair{bob, ann}}) {
        for (auto const* surface : {"", "/stats", "/followers", "/following"})
            call(404, as(who).get(of(whom, surface)));
        call(404, as(who).post(of(whom, "/follow")));
        call(404, as(who).remove(of(whom, "/follow")));
        EXPECT_EQ(ids(as(who).get("/api/users/search/fox")).size(), 2u);
        EXPECT_EQ(ids(as(who).get(of(eve, "/following"))), std::vector{who.str()});
        EXPECT_EQ(ids(as(who).get("/api/discover/suggested-users")), std::vector{eve.str()});
        EXPECT_EQ(stored(who).followers_count, 1);  // Eve's.
        EXPECT_EQ(stored(who).following_count, 0);
    }
    EXPECT_EQ(ids(as(ann).get("/api/users/me/blocks")), std::vector{bob.str()});
    EXPECT_TRUE(ids(as(bob).get("/api/users/me/blocks")).empty());
    EXPECT_EQ(ids(as(eve).get("/api/users/search/fox")).size(), 3u);
    EXPECT_EQ(status_of(as(ann).remove(of(bob, "/block"))), "unblocked");
    EXPECT_EQ(status_of(as(ann).remove(of(bob, "/block"))), "not_blocked");
    call(200, as(bob).get(of(ann)));
    call(400, as(ann).post(of(ann, "/block")));
    call(404, as(ann).post("/api/users/user_x/block"));
}

TEST_F(Api, MuteIsOnesOwnView) {
    auto const ann = person("Ann"), bob = person("Bob");
    follow(ann, bob);
    EXPECT_EQ(status_of(as(ann).post(of(bob, "/mute"))), "muted");
    EXPECT_EQ(status_of(as(ann).post(of(bob, "/mute"))), "already_muted");
    EXPECT_TRUE(call(200, as(ann).get(of(bob))).at("is_following").as_bool());
    call(200, as(bob).get(of(ann)));
    EXPECT_EQ(ids(as(ann).get("/api/users/me/mutes")), std::vector{bob.str()});
    EXPECT_TRUE(ids(as(bob).get("/api/users/me/mutes")).empty());
    EXPECT_EQ(status_of(as(ann).remove(of(bob, "/mute"))), "unmuted");
    EXPECT_EQ(status_of(as(ann).remove(of(bob, "/mute"))), "not_muted");
    call(400, as(ann).post(of(ann, "/mute")));
    call(404, as(ann).post("/api/users/user_x/mute"));
}

TEST_F(Api, ModeratorsSeeWhoBlockedThem) {
    auto const ann = person("Ann"), mod = person("Mod"), eve = person("Eve");
    follow(ann, eve);
    as(ann).post(of(mod, "/block"));
    auto moderator = service.as(mod.str(), {Role::user, Role::moderator});
    for (auto const* what : {"", "/stats", "/followers", "/following"}) {
        call(200, moderator.get(of(ann, what)));
        call(404, as(mod).get(of(ann, what)));
    }
    EXPECT_EQ(ids(moderator.get("/api/users/search/ann")), std::vector{ann.str()});
    EXPECT_EQ(ids(moderator.get(of(eve, "/followers"))), std::vector{ann.str()});
    EXPECT_TRUE(ids(as(mod).get(of(eve, "/followers"))).empty());
    call(404, moderator.post(of(ann, "/follow")));
}

TEST_F(Api, OtherServicesAreToldOfRelations) {
    auto const ann = person("Ann"), bob = person("Bob"), eve = person("Eve"), dan = person("Dan");
    follow(ann, bob);
    as(ann).post(of(eve, "/block"));
    as(dan).post(of(ann, "/block"));
    as(ann).post(of(bob, "/mute"));
    auto posts = service.service("post-service");
    auto const path = "/internal/users/" + ann.str() + "/relations";
    auto const relations = reflect::from_value<contracts::Relations>(call(200, posts.get(path)));
    EXPECT_EQ(relations.following, std::vector{bob});
    EXPECT_EQ(relations.blocked, (std::vector{eve, dan}));
    EXPECT_EQ(relations.muted, std::vector{bob});
    call(404, posts.get("/internal/users/user_x/relations"));
    call(404, as(ann).get(path));
    auto const wanted = R"({"ids": [")" + ann.str() + R"(", "user_x"]})";
    EXPECT_EQ(ids(posts.post("/internal/users/cards", wanted)), std::vector{ann.str()});
    call(404, as(ann).post("/internal/users/cards", wanted));
}

/// What a crowd does to each other at once: afterwards every counter equals what the edges say.
TEST_F(Api, CountersStayExactUnderConcurrentChanges) {
    std::vector<UserId> crowd;
    for (int i = 0; i < 4; ++i) crowd.push_back(person("P" + std::to_string(i), i == 0));
    auto const act = [&](unsigned seed) {
        std::mt19937 random(seed);
        for (int i = 0; i < 60; ++i) {
            auto const& who = crowd[random() % crowd.size()];
            auto const& whom = crowd[random() % crowd.size()];
            switch (random() % 7) {
                case 3:
                    as(who).remove(of(whom, "/follow"));
                    break;
                case 4:
                    as(who).post(of(whom, "/block"));
                    break;
                case 5:
                    as(who).remove(of(whom, "/block"));
                    break;
                case 6:
                    as(who).post(of(whom, "/follow-request/accept"));
                    break;
                default:
                    as(who).post(of(whom, "/follow"));
                    break;
            }
        }
    };
    std::vector<std::jthread> threads;
    for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(act, seed);
    threads.clear();
    for (auto const& id : crowd) {
        std::int64_t following = 0, followers = 0;
        for (auto const& other : crowd) {
            auto const pair = run([&]() -> Task<std::vector<std::optional<store::Stored<Edge>>>> {
                co_return co_await data.edges.find_many({edge_id(id, other), edge_id(other, id)});
            });
            bool const follows = pair[0] && pair[0]->value.followed_at;
            bool const followed = pair[1] && pair[1]->value.followed_at;
            following += follows;
            followers += followed;
            if (pair[0] && pair[0]->value.blocked_at) EXPECT_FALSE(follows || followed);
        }
        EXPECT_EQ(stored(id).following_count, following);
        EXPECT_EQ(stored(id).followers_count, followers);
    }
}

// ---- Lists --------------------------------------------------------------------------------------

TEST_F(Api, ListsPageToTheirEnd) {
    auto const star = person("Star");
    for (int i = 0; i < 23; ++i) follow(person("Fan"), star);
    auto const list = of(star, "/followers?limit=");
    EXPECT_EQ(service.anonymous().pages(list + "10"), 23u);
    EXPECT_EQ(service.anonymous().pages(list + "1"), 23u);
    EXPECT_EQ(service.anonymous().pages("/api/users/search/fan?limit=7"), 23u);
    EXPECT_EQ(ids(service.anonymous().get(list + "10&skip=20")).size(), 3u);
    for (auto const* bad : {"limit=0", "limit=101", "limit=x", "cursor=x", "skip=-1"})
        call(422, service.anonymous().get("/api/users/search/fan?" + std::string(bad)));
    for (auto const& foreign : {http::Position{"x", 1}, http::Position{"x"}, http::Position{-1},
                                http::Position{1e300}, http::Position{10'001}}) {
        auto const cursor = "cursor=" + http::encode_cursor(foreign);
        call(422, service.anonymous().get("/api/users/search/fan?" + cursor));
    }
    for (auto const& foreign : {http::Position{"x"}, http::Position{1, 2, 3}, http::Position{1, 2}})
        call(422, service.anonymous().get(list + "1&cursor=" + http::encode_cursor(foreign)));
}

TEST_F(Api, SearchIsPlainText) {
    auto const ann = person("Ann Müller");
    person("Annabel Fox");
    EXPECT_EQ(ids(as(ann).get("/api/users/search/ann")).size(), 2u);
    EXPECT_EQ(ids(as(ann).get("/api/search/users?q=MULLER")), std::vector{ann.str()});
    EXPECT_EQ(ids(as(ann).get("/api/search/users?q=ann+m%C3%BCll")), std::vector{ann.str()});
    for (auto const* odd : {".*", "%25", "%22", "*", "ann*)", "a%20OR%20b", "%27%3B--"})
        EXPECT_LE(ids(as(ann).get("/api/users/search/" + std::string(odd))).size(), 2u);
    call(422, as(ann).get("/api/search/users?q=" + std::string(201, 'a')));
    call(422, as(ann).get("/api/search/users"));
}

TEST_F(Api, SuggestsFriendsOfFriendsBeforeTheFamous) {
    auto const me = person("Me"), near = person("Near"), far = person("Far"), star = person("Star");
    auto const one = person("One"), two = person("Two");
    for (auto const& mine : {one, two}) follow(me, mine), follow(mine, near);
    follow(two, far);
    for (int i = 0; i < 5; ++i) follow(person("Fan"), star);
    auto const reply = as(me).get("/api/discover/suggested-users");
    auto const found = ids(reply);
    ASSERT_GE(found.size(), 3u);
    EXPECT_EQ(found[0], near.str());
    EXPECT_EQ(call(200, reply).at(0).at("mutual_followers").as_int64(), 2);
    EXPECT_EQ(found[1], far.str());
    EXPECT_EQ(found[2], star.str());
    EXPECT_LE(found.size(), 10u);
    for (auto const& absent : {me, one, two}) EXPECT_EQ(std::ranges::count(found, absent.str()), 0);
}

// ---- The end of an account ----------------------------------------------------------------------

TEST_F(Api, DeletedAccountLeavesNothingBehind) {
    auto const ann = person("Ann"), bob = person("Bob"), eve = person("Eve");
    follow(ann, bob), follow(bob, ann), follow(ann, eve);
    as(eve).post(of(ann, "/mute"));
    call(202, as(ann).remove("/api/users/me"));
    call(401, as(ann).remove("/api/users/me"));
    call(404, as(bob).get(of(ann)));
    EXPECT_TRUE(ids(as(bob).get(of(bob, "/followers"))).empty());
    service.background("departures");
    EXPECT_EQ(stored(bob).followers_count, 0);
    EXPECT_EQ(stored(bob).following_count, 0);
    EXPECT_EQ(stored(eve).followers_count, 0);
    EXPECT_EQ(run([&]() -> Task<std::int64_t> {
                  co_return co_await data.edges.count({}) + co_await data.departures.count({});
              }),
              0);
}

TEST_F(Api, DeletionChecksThePasswordWhereOneIsGiven) {
    auto nobody = service.anonymous();
    auto const user =
        call(201, nobody.post("/api/auth/register", R"({"email": "a@example.org", "name": "A",
                                                        "password": "correct horse"})"));
    auto const id = UserId::trusted(std::string(user.at("user_id").as_string()));
    auto const remove = [&](char const* body) {
        return as(id).send("DELETE", "/api/users/me", body);
    };
    EXPECT_EQ(code_of(403, remove(R"({"password": "wrong horse!"})")), "wrong_password");
    call(422, remove(R"({"password": 7})"));
    call(202, remove(R"({"password": "correct horse"})"));
    call(401, nobody.post("/api/auth/session",
                          R"({"email": "a@example.org", "password": "correct horse"})"));
    call(201, nobody.post("/api/auth/register", R"({"email": "a@example.org", "name": "A",
                                                    "password": "correct horse"})"));
}

TEST_F(Api, ExportNeedsThePostService) {
    call(503, as(person("Ann")).get("/api/users/me/export"));
}

TEST_F(Api, PostsAreCountedByEvents) {
    auto const ann = person("Ann");
    auto const ship = [&](std::string const& topic, std::string const& id) {
        call(200, service.service("post-service")
                      .post("/internal/events",
                            R"({"attempt": 1, "events": [{"specversion": "1.0", "id": ")" + id +
                                R"(", "source": "/post-service", "type": ")" + topic +
                                R"(", "time": "2026-01-01T00:00:00.000Z",
                                   "datacontenttype": "application/json",
                                   "data": {"post_id": "post_1", "tagged_users": [],
                                            "user_id": ")" +
                                ann.str() + R"("}}]})"));
    };
    ship("post.created.v1", "evt_1");
    ship("post.created.v1", "evt_1");  // Delivered twice, counted once.
    ship("post.created.v1", "evt_2");
    EXPECT_EQ(stored(ann).posts_count, 2);
    ship("post.deleted.v1", "evt_3");
    EXPECT_EQ(stored(ann).posts_count, 1);
}

}  // namespace
}  // namespace grover::user
