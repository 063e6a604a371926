#include "gateway/cache/rules.hpp"

#include <gtest/gtest.h>

#include "gateway/cache/test_messages.hpp"
#include "gateway/cache/vary.hpp"

namespace grover::gateway::cache {
namespace {

Settings const settings;
RouteSettings const route{.stale_if_error = 0s};

std::shared_ptr<Entry> entry_of(std::string_view reply, std::string_view request = {},
                                int status = 200, RouteSettings const& rules = route,
                                bool has_session = false, std::string_view method = "GET") {
    RequestText const asked(request, method);
    ReplyText const answered(std::string(date_line) + std::string(reply), status);
    EXPECT_TRUE(asked.good() && answered.good()) << reply;
    auto entry =
        make_entry(asked.request(has_session), {answered.head(), then, then}, settings, rules);
    if (entry) entry->body = std::make_shared<Body const>("body");
    return entry;
}

std::int64_t lifetime(std::string_view reply, int status = 200,
                      RouteSettings const& rules = route) {
    auto const entry = entry_of(reply, {}, status, rules);
    return entry ? entry->freshness.lifetime_ms / 1000 : -1;
}

Use use(std::shared_ptr<Entry> const& entry, std::int64_t seconds, std::string_view request = {},
        bool has_session = false) {
    RequestText const asked(request);
    return use_of(*entry, asked.request(has_session), route, after(seconds));
}

TEST(CacheRules, TheLifetimeIsTheMostSpecificThatIsNamed) {
    EXPECT_EQ(lifetime("Cache-Control: max-age=60, s-maxage=30\r\n"), 30);
    EXPECT_EQ(lifetime("Cache-Control: max-age=60\r\nExpires: Sun, 06 Nov 1994 09:49:37 GMT\r\n"),
              60);
    EXPECT_EQ(lifetime("Expires: Sun, 06 Nov 1994 09:49:37 GMT\r\n"), 3600);
    EXPECT_EQ(lifetime("CDN-Cache-Control: max-age=5\r\nCache-Control: s-maxage=60\r\n"), 5);
    EXPECT_EQ(lifetime("Surrogate-Control: max-age=7\r\nCache-Control: max-age=60\r\n"), 7);
    EXPECT_EQ(lifetime("CDN-Cache-Control: broken \"\r\nCache-Control: max-age=60\r\n"), 60);
    EXPECT_EQ(lifetime("CDN-Cache-Control: max-age=9\r\nCache-Control: no-store\r\n"), 9);
}

TEST(CacheRules, OrATenthOfItsAge) {
    EXPECT_EQ(lifetime("Last-Modified: Sun, 06 Nov 1994 07:49:37 GMT\r\n"), 360);
    EXPECT_EQ(lifetime("Last-Modified: Sun, 06 Nov 1904 07:49:37 GMT\r\n"), 24 * 3600);
    for (int const status : {203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
        EXPECT_EQ(lifetime("Last-Modified: Sun, 06 Nov 1994 07:49:37 GMT\r\n", status), 360);
    for (int const status : {201, 302, 307, 400, 403, 500, 502, 503, 599})
        EXPECT_EQ(lifetime("Last-Modified: Sun, 06 Nov 1994 07:49:37 GMT\r\n", status), -1);
    EXPECT_EQ(lifetime("Cache-Control: public\r\n"
                       "Last-Modified: Sun, 06 Nov 1994 07:49:37 GMT\r\n",
                       599),
              360);
}

TEST(CacheRules, OrTheRoutes) {
    RouteSettings const own{.fresh = 10s, .negative = 3s};
    EXPECT_EQ(lifetime("", 200, own), 10);
    EXPECT_EQ(lifetime("", 404, own), 3);
    EXPECT_EQ(lifetime("", 403, own), -1);
    EXPECT_EQ(lifetime("Cache-Control: max-age=1\r\n", 404, own), 1);
    EXPECT_EQ(lifetime("Cache-Control: no-store\r\n", 200, own), -1);
}

TEST(CacheRules, KeepsNothingThatItMustNot) {
    for (auto const* reply :
         {"", "Cache-Control: max-age=0\r\n", "Cache-Control: no-store, max-age=60\r\n",
          "Cache-Control: private, max-age=60\r\n", "Cache-Control: no-cache, max-age=60\r\n",
          "Cache-Control: max-age=60\r\nVary: *\r\n", "Cache-Control: max-age=60\r\nVary: a, *\r\n",
          "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n", "Cache-Control: max-age=-1\r\n",
          "Expires: 0\r\n", "Expires: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
          "CDN-Cache-Control: no-store\r\nCache-Control: max-age=60\r\n",
          "Surrogate-Control: no-store\r\nCache-Control: max-age=60\r\n",
          "Cache-Control: max-age=60\r\nAge: 60\r\n"})
        EXPECT_EQ(entry_of(reply), nullptr) << reply;
    EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\n", "Cache-Control: no-store\r\n"), nullptr);
    for (int const status : {206, 304})
        EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\n", {}, status), nullptr) << status;
    EXPECT_EQ(entry_of("Cache-Control: max-age=60, must-understand\r\n", {}, 599), nullptr);
    for (auto const* method : {"PUT", "DELETE", "HEAD", "OPTIONS", "M-SEARCH"})
        EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\n", {}, 200, route, false, method),
                  nullptr);
}

TEST(CacheRules, KeepsWhatItMay) {
    for (auto const* reply :
         {"Cache-Control: max-age=60\r\n", "Cache-Control: no-cache\r\nETag: \"a\"\r\n",
          "Cache-Control: max-age=0\r\nETag: \"a\"\r\n", "ETag: \"a\"\r\n",
          "Cache-Control: max-age=60, private=\"x\"\r\n",
          "Cache-Control: max-age=60, no-store, must-understand\r\n"})
        EXPECT_NE(entry_of(reply), nullptr) << reply;
    EXPECT_NE(entry_of("Cache-Control: max-age=60\r\n", {}, 599), nullptr);
    EXPECT_NE(entry_of("Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n", {}, 200,
                       {.keep_cookies = true}),
              nullptr);
    EXPECT_NE(entry_of("Cache-Control: max-age=60\r\nContent-Location: /a\r\n", {}, 200, route,
                       false, "POST"),
              nullptr);
    EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\nContent-Location: /b\r\n", {}, 200, route,
                       false, "POST"),
              nullptr);
}

TEST(CacheRules, NothingCrossesUsersUnlessTheAnswerSaysSo) {
    std::string_view const token = "Authorization: Bearer x\r\n";
    EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\n", token), nullptr);
    EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\n", {}, 200, route, true), nullptr);
    EXPECT_EQ(entry_of("Expires: Sun, 06 Nov 1994 09:49:37 GMT\r\n", token), nullptr);
    auto const open = entry_of("Cache-Control: max-age=60, public\r\n", token);
    ASSERT_TRUE(open);
    EXPECT_EQ(use(open, 1), Use::fresh);
    EXPECT_EQ(use(open, 1, {}, true), Use::fresh);
    for (auto const* reply : {"Cache-Control: max-age=60\r\n", "Cache-Control: s-maxage=60\r\n",
                              "Cache-Control: max-age=60, must-revalidate\r\n"}) {
        EXPECT_EQ(entry_of(reply, token), nullptr) << reply;
        auto const anonymous = entry_of(reply);
        EXPECT_EQ(use(anonymous, 1), Use::fresh);
        EXPECT_EQ(use(anonymous, 1, {}, true), Use::never);
        EXPECT_EQ(use(anonymous, 1, token), Use::never);
    }
}

TEST(CacheRules, KeepsNoFieldOfAConnectionOrOfItsOwn) {
    auto const entry = entry_of(
        "Cache-Control: max-age=60, no-cache=\"Secret\"\r\nConnection: close, Hop\r\nHop: 1\r\n"
        "Keep-Alive: 5\r\nProxy-Authenticate: x\r\nContent-Length: 4\r\nAge: 3\r\nSecret: s\r\n"
        "Surrogate-Key: a b\r\nCache-Tag: c, d\r\nServer: x\r\nX-Kept: yes\r\n");
    ASSERT_TRUE(entry);
    ASSERT_EQ(entry->fields.size(), 3u);
    EXPECT_EQ(entry->fields.get("X-Kept"), "yes");
    EXPECT_FALSE(entry->fields.get("Date").empty());
    EXPECT_EQ(entry->tags, (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(CacheRules, AgeIsWhatItWasAndWhatItBecame) {
    RequestText const asked;
    ReplyText const aged(std::string(date_line) + "Cache-Control: max-age=100\r\nAge: 30\r\n");
    auto const entry =
        make_entry(asked.request(), {aged.head(), after(0), after(5)}, settings, route);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->freshness.age_ms(after(5)), 35'000);
    EXPECT_EQ(entry->freshness.age_ms(after(15)), 45'000);
    EXPECT_EQ(entry->freshness.age_ms(after(-100)), 35'000);  // a clock that was set back
    ReplyText const slow(std::string(date_line) + "Cache-Control: max-age=100\r\n");
    auto const old =
        make_entry(asked.request(), {slow.head(), after(40), after(41)}, settings, route);
    EXPECT_EQ(old->freshness.age_ms(after(41)), 41'000);  // by its Date
}

TEST(CacheRules, AnAgeThatNobodyUnderstandsMakesItStale) {
    for (auto const* age : {"Age: x\r\n", "Age: -5\r\n", "Age: 1.0\r\n", "Age: 0, 0\r\n",
                            "Age: 0\r\nAge: 0\r\n", "Age: 1;a=b\r\n", "Age:\r\n"})
        EXPECT_EQ(entry_of(std::string("Cache-Control: max-age=60\r\n") + age), nullptr) << age;
}

TEST(CacheRules, AFreshOneIsUsedAndAStaleOneValidated) {
    auto const entry = entry_of("Cache-Control: max-age=60\r\n");
    EXPECT_EQ(use(entry, 59), Use::fresh);
    EXPECT_EQ(use(entry, 60), Use::validate);
    EXPECT_EQ(use(entry_of("Cache-Control: no-cache\r\nETag: \"a\"\r\n"), 0), Use::validate);
}

TEST(CacheRules, RequestsMayAskForLessOrMore) {
    auto const entry = entry_of("Cache-Control: max-age=60\r\n");
    EXPECT_EQ(use(entry, 30, "Cache-Control: no-cache\r\n"), Use::validate);
    EXPECT_EQ(use(entry, 30, "Pragma: no-cache\r\n"), Use::validate);
    EXPECT_EQ(use(entry, 30, "Pragma: no-cache\r\nCache-Control: max-age=90\r\n"), Use::fresh);
    EXPECT_EQ(use(entry, 30, "Cache-Control: max-age=29\r\n"), Use::validate);
    EXPECT_EQ(use(entry, 30, "Cache-Control: min-fresh=30\r\n"), Use::validate);
    EXPECT_EQ(use(entry, 30, "Cache-Control: min-fresh=29\r\n"), Use::fresh);
    EXPECT_EQ(use(entry, 70, "Cache-Control: max-stale=10\r\n"), Use::fresh);
    EXPECT_EQ(use(entry, 71, "Cache-Control: max-stale=10\r\n"), Use::validate);
    EXPECT_EQ(use(entry, 7000, "Cache-Control: max-stale\r\n"), Use::fresh);
    auto const strict = entry_of("Cache-Control: max-age=60, must-revalidate\r\n");
    EXPECT_EQ(use(strict, 61, "Cache-Control: max-stale\r\n"), Use::validate);
    RequestText const asked("Cache-Control: no-cache\r\n");
    EXPECT_EQ(use_of(*entry, asked.request(), {.obey_requests = false}, after(30)), Use::fresh);
}

TEST(CacheRules, StaleOnesHelpWhileAnotherIsFetchedAndOnErrors) {
    auto const entry =
        entry_of("Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=100\r\n");
    EXPECT_EQ(use(entry, 69), Use::revalidate);
    EXPECT_EQ(use(entry, 70), Use::validate);
    RequestText const asked;
    EXPECT_TRUE(usable_on_error(*entry, asked.request(), route, after(160)));
    EXPECT_FALSE(usable_on_error(*entry, asked.request(), route, after(161)));
    RequestText const patient("Cache-Control: stale-if-error=200\r\n");
    EXPECT_TRUE(usable_on_error(*entry, patient.request(), route, after(260)));
    EXPECT_FALSE(usable_on_error(*entry, patient.request(), {.obey_requests = false}, after(260)));
    EXPECT_FALSE(usable_on_error(*entry, asked.request(true), route, after(61)));
    for (auto const* never : {"must-revalidate", "proxy-revalidate", "s-maxage=60"}) {
        auto const strict =
            entry_of("Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=100, " +
                     std::string(never) + "\r\n");
        EXPECT_EQ(use(strict, 61), Use::validate) << never;
        EXPECT_FALSE(usable_on_error(*strict, asked.request(), route, after(61))) << never;
    }
}

TEST(CacheRules, A304RenewsAllButWhatDescribesTheBody) {
    auto const stored = entry_of(
        "Cache-Control: max-age=1\r\nETag: \"a\"\r\nContent-Encoding: x\r\nTest: 1\r\nKept: k\r\n");
    ReplyText const answer(
        "Cache-Control: max-age=60\r\nETag: \"b\"\r\nContent-Encoding: y\r\nTest: 2\r\nTest: 3\r\n"
        "Content-Length: 9\r\nConnection: Hop\r\nHop: 1\r\n",
        304);
    RequestText const asked;
    auto const request = asked.request();
    auto const [entry, shared] =
        renewed(request, *stored, {answer.head(), after(10), after(10)}, settings, route);
    EXPECT_TRUE(shared);
    EXPECT_EQ(entry->body, stored->body);
    EXPECT_EQ(entry->fields.get("ETag"), "\"a\"");
    EXPECT_EQ(entry->fields.get("Content-Encoding"), "x");
    EXPECT_EQ(entry->fields.get("Test"), "2");
    EXPECT_EQ(entry->fields.get("Kept"), "k");
    EXPECT_EQ(entry->fields.get("Hop"), "");
    EXPECT_EQ(entry->fields.get("Content-Length"), "");
    EXPECT_EQ(entry->fields.get("Date"), "Sun, 06 Nov 1994 08:49:47 GMT");
    EXPECT_EQ(entry->freshness.left_ms(after(10)), 60'000);
    // What it does not say, the stored one still does.
    ReplyText const silent(std::string(date_line), 304);
    EXPECT_EQ(renewed(request, *stored, {silent.head(), then, then}, settings, route)
                  .entry->freshness.lifetime_ms,
              1000);
}

TEST(CacheRules, A304MayTakeAnAnswerAwayFromOthers) {
    auto const stored =
        entry_of("Cache-Control: public, max-age=1\r\nETag: \"a\"\r\nVary: Foo\r\n");
    RequestText const asked;
    auto const shared = [&](std::string const& fields, bool session = false,
                            RouteSettings const& of = route) {
        ReplyText const answer(fields, 304);
        return renewed(asked.request(session), *stored, {answer.head(), then, then}, settings, of)
            .shared;
    };
    for (auto const* fine :
         {"", "Cache-Control: max-age=5\r\n", "Vary: foo\r\n", "Vary: Foo, foo\r\n",
          "Vary: Foo, Accept-Encoding\r\n", "Cache-Tag: a,b\r\n"})
        EXPECT_TRUE(shared(fine)) << fine;
    for (auto const* alone :
         {"Set-Cookie: sid=6\r\n", "Cache-Control: private\r\n", "Cache-Control: no-store\r\n",
          "Vary: *\r\n", "Vary: Foo, Bar\r\n", "Vary: Bar\r\n"})
        EXPECT_FALSE(shared(alone)) << alone;
    EXPECT_TRUE(shared("Set-Cookie: a=b\r\n", false, {.keep_cookies = true}));
    EXPECT_TRUE(shared("", true));
    EXPECT_FALSE(shared("Cache-Control: max-age=60\r\n", true));
}

TEST(CacheRules, AnAnswerWithMoreTagsThanCountIsNotKept) {
    auto const tagged = [](int tags) {
        std::string line = "Cache-Control: max-age=60\r\nCache-Tag: t0";
        for (int i = 1; i < tags; ++i) line += ",t" + std::to_string(i);
        return entry_of(line + "\r\n");
    };
    ASSERT_TRUE(tagged(1000));
    EXPECT_EQ(tagged(1000)->tags.back(), "t999");
    EXPECT_FALSE(tagged(1001));
}

TEST(CacheRules, CodingsAreNoVariants) {
    EXPECT_TRUE(entry_of("Cache-Control: max-age=60\r\nVary: accept-encoding\r\n",
                         "Accept-Encoding: br\r\n")
                    ->selected_by.empty());
    EXPECT_EQ(entry_of("Cache-Control: max-age=60\r\nVary: Accept-Encoding\r\nContent-Encoding: "
                       "br\r\n")
                  ->selected_by.size(),
              1u);
}

TEST(CacheVary, SelectsByTheNamedFieldsAlone) {
    auto const entry = entry_of("Cache-Control: max-age=60\r\nVary: Foo, Bar\r\nVary: foo\r\n",
                                "Foo: 1, 2\r\nOther: 3\r\n");
    ASSERT_EQ(entry->selected_by.size(), 2u);
    for (auto const* same : {"Foo: 1, 2\r\n", "Foo: 1,2\r\n", "foo:  1 ,  2 \r\n",
                             "Foo: 1\r\nFoo: 2\r\n", "Foo: 1, 2\r\nOther: 4\r\n"})
        EXPECT_TRUE(selects(*entry, RequestText(same).head())) << same;
    for (auto const* other : {"", "Foo: 1\r\n", "Foo: 2, 1\r\n", "Foo: 1, 2\r\nBar: x\r\n",
                              "Foo: 1, 2\r\nBar:\r\n", "Foo: 1, 2, 3\r\n", "Foo: \"1, 2\"\r\n"})
        EXPECT_FALSE(selects(*entry, RequestText(other).head())) << other;
}

TEST(CacheVary, KnowsWhatAcceptLanguageMeans) {
    auto const entry = entry_of(
        "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n"
        "Content-Language: de\r\n",
        "Accept-Language: en, de;q=0.5\r\n");
    for (auto const* same : {"en, de;q=0.5", "EN,DE;q=0.5", "de;q=0.5 , en", "en;q=1.0, de;q=0.5",
                             "fr;q=0.5, de;q=1.0", "de"})
        EXPECT_TRUE(
            selects(*entry, RequestText("Accept-Language: " + std::string(same) + "\r\n").head()))
            << same;
    for (auto const* other : {"en", "fr", "en, de", "de, fr", "en, de;q=0.6", "de;q=0.2, fr;q=0.2"})
        EXPECT_FALSE(
            selects(*entry, RequestText("Accept-Language: " + std::string(other) + "\r\n").head()))
            << other;
}

TEST(CacheRules, LooksUpWhatItCanJudge) {
    EXPECT_TRUE(may_look_up(RequestText().head()));
    EXPECT_TRUE(may_look_up(RequestText("Range: bytes=0-1\r\n", "HEAD").head()));
    EXPECT_FALSE(may_look_up(RequestText({}, "POST").head()));
    EXPECT_FALSE(may_look_up(RequestText("If-Match: \"a\"\r\n").head()));
    EXPECT_FALSE(may_look_up(RequestText("Content-Length: 5\r\n").head()));
}

}  // namespace
}  // namespace grover::gateway::cache
