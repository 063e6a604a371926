// The engine as a whole: what is decided for one request after another.
#include "gateway/cache/cache.hpp"

#include <gtest/gtest.h>

#include "gateway/cache/fetch.hpp"
#include "gateway/cache/test_messages.hpp"

namespace grover::gateway::cache {
namespace {

using What = Decision::What;

class CacheEngine : public ::testing::Test {
protected:
    Decision decide(std::string_view fields = {}, std::int64_t seconds = 0,
                    std::string_view method = "GET", bool session = false) {
        RequestText const asked(fields, method);
        return cache_.decide(asked.request(session), route_, after(seconds));
    }
    /// One request that goes to the service and is answered so.
    Fetch::Next fetch(std::string_view reply, int status = 200, std::string_view fields = {},
                      std::int64_t seconds = 0) {
        RequestText const asked(fields);
        auto const request = asked.request();
        Fetch fetch(cache_, request, route_, cache_.decide(request, route_, after(seconds)),
                    after(seconds));
        edits_ = fetch.edits();
        ReplyText const answer(reply, status);
        auto const next = fetch.hear(answer.head(), after(seconds));
        if (next == Fetch::Next::keep) {
            fetch.add("con");
            fetch.add("tent");
            fetch.finish();
        }
        status_ = fetch.status();
        sent_ = fetch.entry();
        return next;
    }

    Cache cache_{Settings{.memory = {1 << 20}, .object_max = {1000}}};
    RouteSettings route_;
    RequestEdits edits_;
    std::string status_;
    EntryPtr sent_;
};

TEST_F(CacheEngine, AMissIsFetchedKeptAndHit) {
    EXPECT_EQ(fetch("Cache-Control: max-age=60\r\n"), Fetch::Next::keep);
    EXPECT_EQ(status_, "grover; fwd=uri-miss; stored");
    auto const hit = decide();
    ASSERT_EQ(hit.what, What::send);
    EXPECT_EQ(hit.entry->body->content(), "content");
    EXPECT_EQ(hit_status(*hit.entry, after(20)), "grover; hit; ttl=40");
    EXPECT_EQ(decide({}, 0, "HEAD").what, What::send);
    EXPECT_EQ(decide({}, 61).what, What::fetch);
}

TEST_F(CacheEngine, OneFetchesAndOthersWait) {
    auto const first = decide();
    EXPECT_EQ(first.what, What::fetch);
    EXPECT_TRUE(first.lead);
    EXPECT_EQ(decide().what, What::wait);
    auto const impatient =
        cache_.decide(RequestText().request(), route_, then, Cache::Patience::do_not_wait);
    EXPECT_EQ(impatient.what, What::fetch);
    // What is one user's, a part or a head alone is nobody else's business.
    EXPECT_EQ(decide({}, 0, "GET", true).what, What::fetch);
    EXPECT_EQ(decide("Authorization: x\r\n").what, What::fetch);
    EXPECT_EQ(decide("Range: bytes=0-1\r\n").what, What::fetch);
    EXPECT_EQ(decide({}, 0, "HEAD").what, What::fetch);
}

TEST_F(CacheEngine, WaitersHearHowItEnded) {
    auto& flights = cache_.flights();
    std::vector<Landing> heard;
    auto const listen = [&] {
        return flights.on_landing("k", [&](Landing landing) { heard.push_back(landing); });
    };
    EXPECT_FALSE(listen());
    {
        auto lead = flights.take_off("k");
        EXPECT_TRUE(lead);
        EXPECT_FALSE(flights.take_off("k"));
        auto const one = listen(), other = listen();
        EXPECT_TRUE(one && other);
        lead.land(Landing::stored);
        lead.land(Landing::failed);
        EXPECT_FALSE(listen());
    }
    EXPECT_EQ(heard, (std::vector{Landing::stored, Landing::stored}));
    {
        auto lead = flights.take_off("k");
        auto const place = listen();
        auto moved = std::move(lead);
        EXPECT_FALSE(lead);  // NOLINT(bugprone-use-after-move): what is tested
    }
    EXPECT_EQ(heard.back(), Landing::failed);
}

TEST_F(CacheEngine, WhoWaitsNoMoreHearsNothing) {
    auto& flights = cache_.flights();
    int heard = 0;
    auto const listen = [&] { return flights.on_landing("k", [&](Landing) { ++heard; }); };
    EXPECT_FALSE(flights.awaited("k"));
    std::optional lead = flights.take_off("k");
    EXPECT_FALSE(flights.awaited("k"));
    std::optional one = listen(), other = listen();
    one.reset();
    EXPECT_TRUE(flights.awaited("k"));
    EXPECT_FALSE(flights.awaited("other"));
    lead.reset();
    EXPECT_EQ(heard, 1);
    // The next one is none of the other's business.
    lead = flights.take_off("k");
    auto const next = listen();
    other.reset();
    EXPECT_TRUE(flights.awaited("k"));
    lead.reset();
    EXPECT_EQ(heard, 2);
    EXPECT_FALSE(flights.awaited("k"));
}

TEST_F(CacheEngine, WhatCannotBeSharedIsNotWaitedForAgain) {
    EXPECT_EQ(fetch("Cache-Control: private\r\n"), Fetch::Next::pass);
    auto const one = decide();
    EXPECT_FALSE(one.lead || one.fills);
    EXPECT_EQ(decide().what, What::fetch);
    EXPECT_TRUE(decide({}, 61).lead);
}

TEST_F(CacheEngine, WhatTurnsOutTooLargeIsNotWaitedForAgain) {
    RequestText const asked;
    auto const request = asked.request();
    Fetch fetch(cache_, request, route_, decide(), then);
    ReplyText const answer("Cache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n");
    EXPECT_EQ(fetch.hear(answer.head(), then), Fetch::Next::keep);
    EXPECT_EQ(decide().what, What::wait);
    fetch.add(std::string(1001, 'x'));
    EXPECT_FALSE(decide().lead);
    EXPECT_EQ(decide().what, What::fetch);
    EXPECT_TRUE(decide({}, 61).lead);
}

TEST_F(CacheEngine, WhatEachMustValidateIsNotWaitedFor) {
    EXPECT_EQ(fetch("Cache-Control: no-cache\r\nETag: \"1\"\r\n"), Fetch::Next::keep);
    auto const one = decide();
    EXPECT_EQ(one.what, What::fetch);
    EXPECT_TRUE(one.entry && one.fills);
    auto const other = decide();
    EXPECT_EQ(other.what, What::fetch);
    EXPECT_TRUE(other.entry);
}

TEST_F(CacheEngine, AStaleOneIsValidated) {
    fetch(
        "Cache-Control: max-age=1\r\nETag: \"a\"\r\nLast-Modified: Sun, 06 Nov 1994 07:49:37 "
        "GMT\r\n");
    EXPECT_EQ(
        fetch("Cache-Control: max-age=60\r\n", 304, "If-None-Match: \"z\"\r\nRange-X: 1\r\n", 5),
        Fetch::Next::send_stored);
    EXPECT_EQ(status_, "grover; fwd=stale; fwd-status=304; stored");
    EXPECT_NE(edits_.more.find("If-None-Match: \"a\"\r\n"), std::string::npos);
    EXPECT_NE(edits_.more.find("If-Modified-Since: Sun, 06 Nov 1994 07:49:37 GMT\r\n"),
              std::string::npos);
    EXPECT_FALSE(edits_.passes("If-None-Match") || edits_.passes("Accept-Encoding"));
    EXPECT_EQ(decide({}, 60).what, What::send);
    EXPECT_EQ(sent_->body->content(), "content");
}

TEST_F(CacheEngine, A304ForOneTakesItFromTheOthers) {
    std::int64_t at = 0;
    for (auto const* fields : {"Set-Cookie: sid=6\r\n", "Cache-Control: private, max-age=60\r\n",
                               "Cache-Control: no-store\r\n"}) {
        fetch("Cache-Control: max-age=1\r\nETag: \"a\"\r\n", 200, {}, at);
        EXPECT_EQ(fetch(fields, 304, {}, at + 5), Fetch::Next::send_stored) << fields;
        EXPECT_EQ(sent_->body->content(), "content");
        EXPECT_FALSE(status_.contains("stored")) << status_;
        auto const next = decide({}, at + 6);
        EXPECT_TRUE(next.what == What::fetch && !next.entry) << fields;
        at += 100;  // What cannot be shared is not waited for in the next minute.
    }
}

TEST_F(CacheEngine, WhatIsGoneDoesNotComeBack) {
    fetch("Cache-Control: max-age=1, stale-if-error=600\r\nETag: \"a\"\r\n");
    EXPECT_EQ(fetch("", 404, {}, 5), Fetch::Next::pass);
    EXPECT_EQ(fetch("", 500, {}, 6), Fetch::Next::pass);
    // Nor is it gone for good.
    EXPECT_EQ(fetch("Cache-Control: max-age=60\r\n", 200, {}, 7), Fetch::Next::keep);
    EXPECT_EQ(decide({}, 8).what, What::send);
}

TEST_F(CacheEngine, WhatWasAskedOtherwiseThanCountsIsNotKept) {
    for (auto const& [method, fields] :
         {std::pair{"GET", "If-Match: *\r\n"},
          {"GET", "Content-Length: 0\r\n"},
          {"GET", "If-Unmodified-Since: Sun, 06 Nov 1994 07:49:37 GMT\r\n"},
          {"POST", ""}}) {
        RequestText const asked(fields, method);
        ASSERT_FALSE(may_look_up(asked.head())) << fields;
        auto const request = asked.request();
        Fetch fetch(cache_, request, route_, cache_.pass_by(request, route_), then);
        ReplyText const answer("Cache-Control: max-age=60\r\nContent-Location: /a\r\n");
        EXPECT_EQ(fetch.hear(answer.head(), then), Fetch::Next::pass) << method << fields;
        EXPECT_FALSE(decide().entry);
    }
    RequestText const part("Range: bytes=99-\r\n");
    auto const request = part.request();
    Fetch fetch(cache_, request, route_, cache_.decide(request, route_, then), then);
    ReplyText const answer("Cache-Control: max-age=60\r\n", 416);
    EXPECT_EQ(fetch.hear(answer.head(), then), Fetch::Next::pass);
}

TEST_F(CacheEngine, APostMayBringWhatAGetWouldWhereAllCounts) {
    route_.fields = {"*"};
    RequestText const asked({}, "POST");
    auto const request = asked.request();
    Fetch fetch(cache_, request, route_, cache_.pass_by(request, route_), then);
    ReplyText const answer("Cache-Control: max-age=60\r\nContent-Location: /a\r\n");
    EXPECT_EQ(fetch.hear(answer.head(), then), Fetch::Next::keep);
    fetch.finish();
    EXPECT_EQ(decide().what, What::send);
}

TEST_F(CacheEngine, AServiceThatFailsIsStoodInFor) {
    fetch("Cache-Control: max-age=1, stale-if-error=60\r\n");
    EXPECT_EQ(fetch("", 503, {}, 30), Fetch::Next::send_stored);
    EXPECT_EQ(status_, "grover; fwd=stale; fwd-status=503");
    EXPECT_EQ(fetch("", 500, {}, 30), Fetch::Next::send_stored);
    EXPECT_EQ(fetch("", 404, {}, 30), Fetch::Next::pass);
    EXPECT_EQ(fetch("", 503, {}, 90), Fetch::Next::pass);
}

TEST_F(CacheEngine, StaleWhileRevalidateSendsOnceAndFetchesOnce) {
    fetch("Cache-Control: max-age=1, stale-while-revalidate=60\r\n");
    auto const first = decide({}, 30);
    EXPECT_EQ(first.what, What::send_and_refresh);
    EXPECT_TRUE(first.lead && first.fills);
    EXPECT_EQ(decide({}, 30).what, What::send);
}

TEST_F(CacheEngine, OnlyIfCachedAsksNobody) {
    EXPECT_EQ(decide("Cache-Control: only-if-cached\r\n").what, What::refuse);
    fetch("Cache-Control: max-age=60\r\n");
    EXPECT_EQ(decide("Cache-Control: only-if-cached\r\n").what, What::send);
    EXPECT_EQ(decide("Cache-Control: only-if-cached\r\n", 61).what, What::refuse);
}

TEST_F(CacheEngine, WhatIsTooLargeIsNotKept) {
    EXPECT_EQ(fetch("Cache-Control: max-age=60\r\nContent-Length: 1001\r\n"), Fetch::Next::pass);
    RequestText const asked;
    auto const request = asked.request();
    Fetch fetch(cache_, request, route_, cache_.decide(request, route_, then), then);
    ReplyText const answer("Cache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n");
    EXPECT_EQ(fetch.hear(answer.head(), then), Fetch::Next::keep);
    fetch.add(std::string(1000, 'x'));
    EXPECT_TRUE(fetch.keeping());
    fetch.add("x");
    EXPECT_FALSE(fetch.keeping());
    EXPECT_EQ(fetch.finish(), nullptr);
    EXPECT_EQ(decide().what, What::fetch);
}

TEST_F(CacheEngine, AnAnswerThatBreaksOffIsNotKept) {
    {
        RequestText const asked;
        auto const request = asked.request();
        Fetch fetch(cache_, request, route_, cache_.decide(request, route_, then), then);
        ReplyText const answer("Cache-Control: max-age=60\r\n");
        fetch.hear(answer.head(), then);
        fetch.add("half");
    }
    auto const next = decide();
    EXPECT_EQ(next.what, What::fetch);
    EXPECT_TRUE(next.lead);
}

TEST_F(CacheEngine, UnsafeMethodsInvalidate) {
    auto const key = RequestText().request().key;
    for (int const status : {200, 204, 303}) {
        fetch("Cache-Control: max-age=60\r\n");
        EXPECT_EQ(decide().what, What::send);
        cache_.invalidate(key, ReplyText("", status).head(), {.queries = {{}}});
        EXPECT_EQ(decide().what, What::fetch) << status;
    }
    fetch("Cache-Control: max-age=60\r\n");
    for (int const status : {400, 404, 500})
        cache_.invalidate(key, ReplyText("", status).head(), {.queries = {{}}});
    EXPECT_EQ(decide().what, What::send);
    cache_.invalidate("http://x/other", ReplyText("Location: http://y/a\r\n").head(),
                      {.queries = {{}}});
    EXPECT_EQ(decide().what, What::send);
    cache_.invalidate("http://x/other", ReplyText("Content-Location: /a\r\n").head(),
                      {.queries = {{}}});
    EXPECT_EQ(decide().what, What::fetch);
}

TEST_F(CacheEngine, PassesOnOnlyWhatIsKeyedOrAllowed) {
    route_.query = {"page"};
    RequestText const asked("X-Evil: 1\r\nAccept: a\r\nCookie: c\r\nRange: bytes=0-1\r\n", "GET",
                            "/a?utm=1&page=2");
    auto const request = asked.request();
    Fetch const fetch(cache_, request, route_, cache_.decide(request, route_, then), then);
    EXPECT_EQ(fetch.edits().target, "/a?page=2");
    EXPECT_TRUE(fetch.edits().passes("accept"));
    EXPECT_FALSE(fetch.edits().passes("X-Evil") || fetch.edits().passes("Cookie"));
    // A range cannot fill the cache: it goes on as it came.
    EXPECT_NE(fetch.edits().more.find("Range: bytes=0-1\r\n"), std::string::npos);
}

TEST_F(CacheEngine, AHeadMayTellThatItHasChanged) {
    auto const head = [&](std::string_view reply) {
        RequestText const asked({}, "HEAD");
        auto const request = asked.request();
        Fetch fetch(cache_, request, route_, cache_.decide(request, route_, after(5)), after(5));
        return fetch.hear(ReplyText(reply).head(), after(5));
    };
    fetch("Cache-Control: max-age=1\r\nETag: \"a\"\r\n");
    EXPECT_EQ(head("Cache-Control: max-age=60\r\nETag: \"a\"\r\n"), Fetch::Next::pass);
    EXPECT_EQ(decide({}, 6).what, What::send);
    fetch("Cache-Control: max-age=1\r\nETag: \"a\"\r\n", 200, "Cache-Control: no-cache\r\n", 6);
    head("Cache-Control: max-age=60\r\nETag: \"b\"\r\n");
    EXPECT_EQ(decide({}, 7).entry, nullptr);
}

}  // namespace
}  // namespace grover::gateway::cache
