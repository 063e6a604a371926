#include "gateway/compose/compose.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "gateway/config/config.hpp"
#include "http/exchange.hpp"
#include "net/signal.hpp"
#include "testing/run_on.hpp"

namespace grover::gateway {
namespace {

namespace json = boost::json;

RouteSettings route(std::string_view yaml) {
    config::Problems problems("f");
    auto out = config::read<RouteSettings>(config::parse(yaml, problems), problems);
    EXPECT_EQ(problems.print(), "");
    return out;
}

std::string refusal(std::string_view yaml) {
    config::Problems problems("f");
    config::read<RouteSettings>(config::parse(yaml, problems), problems);
    return problems.print();
}

constexpr std::string_view profile = R"(
path: /api/composed/profile/{user_id}
methods: [GET]
compose:
  profile: {service: user, get: "/api/users/{user_id}", required: true}
  stats: {service: user, get: "/api/users/{user_id}/stats", default: {posts_count: 0}}
  posts: {service: post, get: "/api/users/{user_id}/posts?limit={query.limit}", default: []}
  author: {service: user, get: "/api/users/{posts#/0/user_id}/x"}
)";

class Compose : public ::testing::Test {
protected:
    Compose() { loop_.start(); }
    ~Compose() override { loop_.stop(); }

    /// Asks for a path; `answers` by target. What is not there fails with 503, "!404" with that.
    std::string ask(std::map<std::string, std::string> answers, std::string path,
                    std::string query = {}, std::string_view yaml = profile) {
        AskPart const part = [&](std::string const& service, std::string target,
                                 auto) -> net::Task<json::value> {
            asked_.push_back(service + " " + target);
            auto const found = answers.find(target);
            if (found == answers.end()) throw Error(ErrorCode::unavailable, "down");
            if (found->second == "!404") throw Error(ErrorCode::not_found, "no such thing");
            co_return json::parse(found->second);
        };
        auto const settings = route(yaml);
        Composition const composition(settings.path, settings.compose);
        try {
            return json::serialize(testing::run_on(loop_.at(0), [&]() -> net::Task<json::object> {
                co_return co_await composition.answer(path, query, part);
            }));
        } catch (Error const& error) {
            return std::to_string(error.status());
        }
    }

    net::Loops loop_{1};
    std::vector<std::string> asked_;
};

TEST_F(Compose, PutsTheAnswersTogether) {
    EXPECT_EQ(ask({{"/api/users/u1", R"({"id":"u1"})"},
                   {"/api/users/u1/stats", R"({"n":1})"},
                   {"/api/users/u1/posts?limit=2", R"([{"user_id":"a b?c"}])"},
                   {"/api/users/a%20b%3Fc/x", "7"}},
                  "/api/composed/profile/u1", "limit=2"),
              R"({"posts":[{"user_id":"a b?c"}],"profile":{"id":"u1"},"stats":{"n":1},)"
              R"("author":7,"partial":[]})");
    EXPECT_EQ(asked_.back(), "user /api/users/a%20b%3Fc/x");
}

TEST_F(Compose, APartThatFailsIsItsDefaultAndIsNamed) {
    EXPECT_EQ(ask({{"/api/users/u1", "{}"}}, "/api/composed/profile/u1"),
              R"({"posts":[],"profile":{},"stats":{"posts_count":0},"author":null,)"
              R"("partial":["author","posts","stats"]})");
    EXPECT_EQ(asked_.size(), 3u);  // what needs a value that is missing is not asked for
}

TEST_F(Compose, NoValueReachesAnotherFolder) {
    for (std::string const value : {"..", ".", "a/b", "../x", "..;", "a%2fb/", "", R"(..\\x)"}) {
        auto const posts = R"([{"user_id":")" + value + R"("}])";
        auto const composed = ask({{"/api/users/u1", "{}"},
                                   {"/api/users/u1/stats", "1"},
                                   {"/api/users/u1/posts?limit=", posts}},
                                  "/api/composed/profile/u1");
        EXPECT_TRUE(
            composed.ends_with(R"(,"profile":{},"stats":1,"author":null,"partial":["author"]})"))
            << composed;
        EXPECT_TRUE(std::ranges::none_of(asked_, [](auto& one) { return one.ends_with("/x"); }));
    }
    EXPECT_EQ(ask({}, "/api/composed/profile/.."), "404");
    EXPECT_EQ(ask({{"/api/users/u1", "{}"}}, "/api/composed/profile/u1", "limit=%zz"), "400");
}

TEST_F(Compose, NoSegmentIsMoreThanAValueInAQuery) {
    for (auto const* path : {"/c/u1&limit=1000", "/c/u1%26limit=1000", "/c/u1;limit+1"})
        ask({}, path, {},
            R"({path: "/c/{id}", methods: [GET], compose: {a: {service: s, get: "/p/{id}?of={id}&x=1"}}})");
    EXPECT_EQ(asked_, (std::vector<std::string>{"s /p/u1&limit=1000?of=u1%26limit%3D1000&x=1",
                                                "s /p/u1%26limit=1000?of=u1%26limit%3D1000&x=1",
                                                "s /p/u1;limit+1?of=u1%3Blimit%2B1&x=1"}));
}

TEST_F(Compose, ARequiredPartThatFailsIsTheAnswer) {
    EXPECT_EQ(ask({{"/api/users/u1", "!404"}}, "/api/composed/profile/u1"), "404");
    EXPECT_EQ(ask({}, "/api/composed/profile/u1"), "503");
}

/// A part that waits until the test lets it go on, and then says that it has ended. Owned by the
/// calls, which may be left.
struct Gate {
    explicit Gate(net::Loop& loop) : opened(loop), ended(loop) {}
    /// False when nobody opened it in time.
    static net::Task<bool> pass(std::shared_ptr<Gate> gate) {
        auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        bool const in_time = gate->open || co_await gate->opened.wait(until);
        gate->has_ended = true;
        gate->ended.notify();
        co_return in_time;
    }
    void let_go() {
        open = true;
        opened.notify();
    }
    net::Signal opened, ended;
    bool open = false, has_ended = false;
};

TEST_F(Compose, APartBeginsAsSoonAsItsOwnValuesAreThere) {
    auto const settings = route(R"(
path: /c
methods: [GET]
compose:
  a: {service: s, get: /a}
  slow: {service: s, get: /slow}
  b: {service: s, get: "/b/{a#/id}"}
  d: {service: s, get: "/d/{b#/id}"}
)");
    auto const gate = std::make_shared<Gate>(loop_.at(0));
    AskPart const part = [gate](std::string const&, std::string target,
                                auto) -> net::Task<json::value> {
        if (target == "/d/2") gate->let_go();
        if (target == "/slow") co_return co_await Gate::pass(gate);
        co_return json::object{{"id", target == "/a" ? 1 : 2}};
    };
    Composition const composition(settings.path, settings.compose);
    auto const answer = testing::run_on(loop_.at(0), [&]() -> net::Task<json::object> {
        co_return co_await composition.answer("/c", {}, part);
    });
    EXPECT_EQ(json::serialize(answer),
              R"({"a":{"id":1},"slow":true,"b":{"id":2},"d":{"id":2},"partial":[]})");
}

TEST_F(Compose, ARequiredPartThatFailsWaitsForNoOther) {
    auto const settings = route(R"(
path: /c
methods: [GET]
compose:
  first: {service: s, get: /slow}
  needed: {service: s, get: /needed, required: true}
  never: {service: s, get: "/never/{needed#/id}"}
)");
    auto const gate = std::make_shared<Gate>(loop_.at(0));
    auto const asked = std::make_shared<std::vector<std::string>>();
    AskPart const part = [gate, asked](std::string const&, std::string target,
                                       auto) -> net::Task<json::value> {
        asked->push_back(target);
        if (target == "/slow") co_return co_await Gate::pass(gate);
        throw Error(ErrorCode::not_found, "no such thing");
    };
    Composition const composition(settings.path, settings.compose);
    bool const slow_ended = testing::run_on(loop_.at(0), [&]() -> net::Task<bool> {
        int status = 0;
        try {
            co_await composition.answer("/c", {}, part);
        } catch (Error const& error) {
            status = error.status();
        }
        EXPECT_EQ(status, 404);
        bool const had_ended = gate->has_ended;
        gate->let_go();
        while (!gate->has_ended) co_await gate->ended.wait();
        co_return had_ended;
    });
    EXPECT_FALSE(slow_ended);
    EXPECT_EQ(*asked, (std::vector<std::string>{"/slow", "/needed"}));
}

TEST_F(Compose, WhatIsNoErrorEndsTheWholeAtOnce) {
    auto const settings = route(R"(
path: /c
methods: [GET]
compose: {gone: {service: s, get: /gone}, slow: {service: s, get: /slow}}
)");
    auto const gate = std::make_shared<Gate>(loop_.at(0));
    AskPart const part = [gate](std::string const&, std::string target,
                                auto) -> net::Task<json::value> {
        if (target == "/slow") co_return co_await Gate::pass(gate);
        throw http::Disconnected();
    };
    Composition const composition(settings.path, settings.compose);
    testing::run_on(loop_.at(0), [&]() -> net::Task<> {
        bool disconnected = false;
        try {
            co_await composition.answer("/c", {}, part);
        } catch (http::Disconnected const&) {
            disconnected = true;
        }
        EXPECT_TRUE(disconnected);
        EXPECT_FALSE(gate->has_ended);
        gate->let_go();
        while (!gate->has_ended) co_await gate->ended.wait();
    });
}

TEST(Composition, StepsFollowWhatPartsNeed) {
    auto const steps = steps_of(route(profile).compose);
    ASSERT_TRUE(steps);
    ASSERT_EQ(steps->size(), 2u);
    EXPECT_EQ((*steps)[1], std::vector<std::string>{"author"});
}

TEST(Composition, RefusesWhatCannotWork) {
    for (auto const* rest :
         {"compose: {partial: {service: s, get: /}}", "compose: {x: {service: s}}",
          "compose: {x: {get: /}}", "compose: {x: {service: s, get: '/{id}'}}",
          "compose: {x: {service: s, get: '/a b'}}", "compose: {x: {service: s, get: '/a#b'}}",
          "compose: {x: {service: s, get: '/{y#/a}'}}",
          "compose: {x: {service: s, get: '/{y#/a}'}, y: {service: s, get: '/{x#/a}'}}",
          "compose: {x: {service: s, get: /, timeout: 0ms}}",
          "compose: {x: {service: s, get: /, default: a, fallback: b}}",
          "service: s, compose: {x: {service: s, get: /}}", "answer: {}, service: s",
          "compose: {x: {service: s, get: /}}, request: {path: /b}", "compose: {}"}) {
        auto const yaml = "{path: /a, methods: [GET], " + std::string(rest) + "}";
        EXPECT_NE(refusal(yaml), "") << yaml;
    }
    EXPECT_NE(refusal("{path: /a, compose: {x: {service: s, get: /}}}"), "");  // any method
}

}  // namespace
}  // namespace grover::gateway
