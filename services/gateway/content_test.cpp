// Content::serve between a real client and a service that is played: what is asked, what is sent,
// what is kept.
#include "gateway/content.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <mutex>

#include "base/error.hpp"
#include "http/date.hpp"
#include "net/async.hpp"
#include "testing/raw_client.hpp"
#include "testing/server_fixture.hpp"

namespace grover::gateway {
namespace {

using testing::RawClient;

/// An answer in pieces, as they come from the wire.
class PlayedAttempt final : public Attempt {
public:
    PlayedAttempt(std::string_view method, std::string head, std::vector<std::string> pieces,
                  bool cut)
        : head_(std::move(head)), pieces_(std::move(pieces)), cut_(cut) {
        EXPECT_EQ(parser_.parse(head_, method), http::HeadState::complete) << head_;
    }
    net::Task<Outcome> ask(Forward const&) override { co_return Outcome::answered; }
    void cancel() noexcept override {}
    bool heard_nothing() const noexcept override { return false; }
    bool maybe_stale() const noexcept override { return false; }
    void done() noexcept override {}
    http::ReplyHead const& head() const noexcept override { return parser_.head(); }
    Piece take() noexcept override {
        if (at_ >= pieces_.size()) return {{}, cut_ ? End::cut : End::yes};
        bool const last = at_ + 1 == pieces_.size() && !cut_;
        return {pieces_[at_++], last ? End::yes : End::no};
    }
    net::Task<> receive() override { co_await net::pause(std::chrono::milliseconds(0)); }

private:
    std::string head_;
    std::vector<std::string> pieces_;
    bool cut_;
    std::size_t at_ = 0;
    http::ReplyParser parser_;
};

/// What the service says, and what it was asked.
struct Play {
    std::string head = "Cache-Control: max-age=60\r\n";  // fields
    int status = 200;
    std::vector<std::string> pieces{"content"};
    bool chunked = false;
    bool cut = false;
    bool down = false;
    std::atomic<bool> open{true};  // false: it thinks
    std::atomic<int> asked{0};
    std::mutex mutex;
    std::string edits;         // fields that the gateway added last
    std::string refreshed_by;  // the head of a request of the gateway itself

    net::Task<> answer(std::string_view method, Delivery& delivery) {
        ++asked;
        if (auto const* changed = delivery.edits()) {
            std::lock_guard const lock(mutex);
            edits = changed->more;
        }
        while (!open) co_await net::pause(std::chrono::milliseconds(1));
        if (down) {
            Error const error(ErrorCode::unavailable, "the service cannot be reached");
            if (co_await delivery.fall_back(error, nullptr)) co_return;
            throw error;
        }
        std::size_t bytes = 0;
        auto body = method == "HEAD" || status == 304 ? std::vector<std::string>() : pieces;
        for (auto& piece : body) {
            bytes += piece.size();
            if (chunked) piece = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
        }
        if (chunked && !cut) body.push_back("0\r\n\r\n");
        auto const framing = chunked ? std::string("Transfer-Encoding: chunked\r\n")
                                     : fmt::format("Content-Length: {}\r\n", bytes);
        PlayedAttempt attempt(
            method,
            fmt::format("HTTP/1.1 {} x\r\n{}{}\r\n", status, head, status == 304 ? "" : framing),
            std::move(body), cut);
        co_await delivery.deliver(attempt);
    }
};

class AskPlay final : public Asking {
public:
    AskPlay(Play& play, http::Exchange& exchange) : play_(play), exchange_(exchange) {}
    net::Task<> ask(Delivery& delivery) override {
        return play_.answer(exchange_.head().method, delivery);
    }
    std::chrono::steady_clock::time_point deadline() const override {
        return exchange_.head().contains("X-Hurried") ? exchange_.started() : exchange_.deadline();
    }
    std::string_view apart() const override { return exchange_.head().get("X-Apart"); }
    std::function<net::Task<>(Forward const&, Delivery&)> again() override {
        return [&play = play_](Forward const& forward, Delivery& delivery) {
            std::unique_lock lock(play.mutex);
            play.refreshed_by = forward.head("service");
            lock.unlock();
            return play.answer(forward.request.method, delivery);
        };
    }

private:
    Play& play_;
    http::Exchange& exchange_;
};

class ContentStage : public testing::ServerFixture {
protected:
    ContentStage() {
        rules_.cache.emplace();
        rules_.compression.codings = {http::Coding::br, http::Coding::gzip};
        rules_.spellings = &spellings_;
        serve(http::StreamHandler([this](http::Exchange& exchange) -> net::Task<> {
            AskPlay asking(play_, exchange);
            bool const session = exchange.head().contains("Authorization");
            auto const verdict = co_await content_.serve(exchange, rules_, session, asking);
            std::lock_guard const lock(play_.mutex);
            verdict_ = verdict;
        }));
    }
    ~ContentStage() override {
        play_.open = true;
        server_.reset();
    }

    testing::RawReply get(std::string_view fields = {}, std::string_view method = "GET") {
        RawClient client(server_->port());
        client.send(fmt::format("{} /a HTTP/1.1\r\nHost: x\r\n{}\r\n", method, fields));
        return client.read_reply(method == "HEAD");
    }
    std::string verdict() {
        std::lock_guard const lock(play_.mutex);
        return std::string(verdict_);
    }
    bool eventually_verdict(std::string_view wanted) {
        return testing::eventually([&] { return verdict() == wanted; });
    }

    Play play_;
    telemetry::Metrics metrics_;
    cache::Spellings spellings_{.queries = {{}}};
    ContentRules rules_;
    Content content_{{}, metrics_};
    std::string_view verdict_;
};

TEST_F(ContentStage, AsksOnceForWhatIsFresh) {
    // Not std::time(), which may be some milliseconds late, and so a second.
    auto const seconds = [] {
        return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    };
    auto const now = seconds();
    play_.head += "Date: " + http::format_date(now) + "\r\n";
    auto const first = get(), second = get();
    EXPECT_EQ(first.body, "content");
    EXPECT_EQ(first.headers.get("Cache-Status"), "grover; fwd=uri-miss; stored");
    EXPECT_EQ(second.body, "content");
    EXPECT_TRUE(second.headers.get("Cache-Status").starts_with("grover; hit; ttl="));
    EXPECT_LE(std::stol(std::string(second.headers.get("Age"))), seconds() - now);
    EXPECT_EQ(second.headers.get("Date"), first.headers.get("Date"));
    EXPECT_EQ(get("", "HEAD").headers.get("Content-Length"), "7");
    EXPECT_EQ(play_.asked, 1);
    EXPECT_TRUE(eventually_verdict("hit"));
}

TEST_F(ContentStage, ManyAtOnceAskOnce) {
    play_.open = false;
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<RawClient>(server_->port()));
        clients.back()->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    ASSERT_TRUE(testing::eventually([&] { return play_.asked == 1; }));
    ASSERT_TRUE(testing::eventually([&] { return server_->counters().requests >= 20; }));
    play_.open = true;
    for (auto& client : clients) EXPECT_EQ(client->read_reply().body, "content");
    EXPECT_EQ(play_.asked, 1);
}

TEST_F(ContentStage, WhoIsInAHurryDoesNotWaitForAnother) {
    rules_.cache->collapse = std::chrono::hours(1);
    play_.open = false;
    RawClient patient(server_->port()), hurried(server_->port());
    patient.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(testing::eventually([&] { return play_.asked == 1; }));
    hurried.send("GET /a HTTP/1.1\r\nHost: x\r\nX-Hurried: 1\r\n\r\n");
    EXPECT_TRUE(testing::eventually([&] { return play_.asked == 2; }));
    play_.open = true;
    EXPECT_EQ(patient.read_reply().body, "content");
    EXPECT_EQ(hurried.read_reply().body, "content");
}

TEST_F(ContentStage, WhatIsOneUsersIsAskedByEach) {
    play_.head = "Cache-Control: private, max-age=60\r\n";
    for (int i = 1; i <= 3; ++i) {
        EXPECT_EQ(get().body, "content");
        EXPECT_EQ(play_.asked, i);
    }
    play_.head = "Cache-Control: max-age=60\r\n";
    EXPECT_EQ(get("Authorization: Bearer a\r\n").body, "content");
    EXPECT_EQ(get("Authorization: Bearer b\r\n").body, "content");
    EXPECT_EQ(play_.asked, 5);
}

TEST_F(ContentStage, WaitersOfWhatIsNotSharedAskThemselves) {
    play_.head = "Cache-Control: no-store\r\n";
    play_.open = false;
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<RawClient>(server_->port()));
        clients.back()->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    ASSERT_TRUE(testing::eventually([&] { return play_.asked >= 1; }));
    play_.open = true;
    for (auto& client : clients) EXPECT_EQ(client->read_reply().body, "content");
    EXPECT_EQ(play_.asked, 5);
}

TEST_F(ContentStage, AServiceThatIsDownIsStoodInFor) {
    play_.head = "Cache-Control: max-age=0, stale-if-error=60\r\nETag: \"a\"\r\n";
    EXPECT_EQ(get().body, "content");
    play_.down = true;
    auto const stale = get();
    EXPECT_EQ(stale.status, 200);
    EXPECT_EQ(stale.body, "content");
    EXPECT_EQ(stale.headers.get("Cache-Status"), "grover; fwd=stale; detail=unreachable");
    play_.down = false;
    play_.status = 503;
    EXPECT_EQ(get().status, 200);
    EXPECT_TRUE(eventually_verdict("stale"));
    play_.status = 404;
    EXPECT_EQ(get().status, 404);
}

TEST_F(ContentStage, WithoutACopyTheFailureShows) {
    play_.down = true;
    EXPECT_EQ(get().status, 503);
    play_.down = false;
    EXPECT_EQ(get().status, 200);
}

TEST_F(ContentStage, AValidatedOneIsSentFromTheCache) {
    play_.head = "Cache-Control: max-age=0\r\nETag: \"a\"\r\n";
    EXPECT_EQ(get().body, "content");
    play_.status = 304;
    auto const reply = get();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "content");
    EXPECT_NE(play_.edits.find("If-None-Match: \"a\"\r\n"), std::string::npos);
    EXPECT_EQ(get("If-None-Match: \"a\"\r\n").status, 304);
    EXPECT_TRUE(eventually_verdict("revalidated"));
}

TEST_F(ContentStage, AConditionalMissFillsTheCache) {
    play_.head = "Cache-Control: max-age=60\r\nETag: \"a\"\r\nContent-Type: text/plain\r\n";
    auto const reply = get("If-None-Match: \"a\"\r\n");
    EXPECT_EQ(reply.status, 304);
    EXPECT_EQ(reply.headers.get("ETag"), "\"a\"");
    EXPECT_FALSE(reply.headers.contains("Content-Type"));
    EXPECT_EQ(get().body, "content");
    EXPECT_EQ(play_.asked, 1);
}

TEST_F(ContentStage, StaleWhileRevalidateRefreshesBehindTheAnswer) {
    play_.head = "Cache-Control: max-age=0, stale-while-revalidate=60\r\nETag: \"a\"\r\n";
    EXPECT_EQ(get().body, "content");
    play_.pieces = {"new"};
    play_.head = "Cache-Control: max-age=60\r\n";
    EXPECT_EQ(get().body, "content");
    EXPECT_TRUE(testing::eventually([&] { return get().body == "new"; }));
    EXPECT_EQ(play_.asked, 2);
}

TEST_F(ContentStage, ARefreshIsOfTheWholeAndForEverybody) {
    rules_.cache->fields = {"*"};
    play_.head = "Cache-Control: max-age=0, stale-while-revalidate=60\r\nETag: \"a\"\r\n";
    EXPECT_EQ(get().body, "content");
    play_.head = "Cache-Control: max-age=60\r\n";
    EXPECT_EQ(
        get("Range: bytes=0-1\r\nIf-None-Match: \"b\"\r\nCookie: a=b\r\nX-Kept: 1\r\n").status,
        206);
    EXPECT_TRUE(testing::eventually([&] { return play_.asked == 2; }));
    std::lock_guard const lock(play_.mutex);
    auto const& request = play_.refreshed_by;
    for (auto const* name : {"Range", "If-None-Match: \"b\"", "Cookie"})
        EXPECT_FALSE(request.contains(name)) << request;
    EXPECT_TRUE(request.contains("X-Kept: 1"));
}

TEST_F(ContentStage, EncodesOnTheWayAndFromTheCache) {
    std::string const text(5000, 'a');
    play_.head = "Cache-Control: max-age=60\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n";
    for (bool const chunked : {false, true}) {
        content_.store().purge_all();
        play_.pieces = {text.substr(0, 3000), text.substr(3000)};
        play_.chunked = chunked;
        auto const missed = get("Accept-Encoding: gzip\r\n");
        EXPECT_EQ(missed.headers.get("Content-Encoding"), "gzip");
        EXPECT_EQ(missed.headers.get("Vary"), "Accept-Encoding");
        EXPECT_EQ(missed.headers.get("ETag"), "W/\"a\"");
        EXPECT_TRUE(missed.body.starts_with("\x1f\x8b"));
        EXPECT_LT(missed.body.size(), 500u);
        auto const hit = get("Accept-Encoding: br\r\n");
        EXPECT_EQ(hit.body, http::encode(http::Coding::br, http::Effort::stored, text));
        auto const plain = get();
        EXPECT_EQ(plain.body, text);
        EXPECT_EQ(plain.headers.get("Vary"), "Accept-Encoding");
        auto const head = get("Accept-Encoding: br\r\n", "HEAD");
        EXPECT_EQ(head.headers.get("Content-Encoding"), "br");
        EXPECT_EQ(head.headers.get("Content-Length"), std::to_string(hit.body.size()));
    }
    EXPECT_EQ(play_.asked, 2);
}

TEST_F(ContentStage, EncodesWithoutACacheToo) {
    rules_.cache.reset();
    play_.head = "Content-Type: application/json\r\n";
    play_.pieces = {std::string(5000, 'a')};
    auto const coded = get("Accept-Encoding: gzip\r\n");
    EXPECT_EQ(coded.body, http::encode(http::Coding::gzip, http::Effort::stream, play_.pieces[0]));
    EXPECT_EQ(coded.headers.get("Content-Length"), std::to_string(coded.body.size()));
    EXPECT_EQ(get().body, play_.pieces[0]);
    EXPECT_EQ(get().headers.get("Vary"), "Accept-Encoding");
    auto const head = get("Accept-Encoding: gzip\r\n", "HEAD");
    EXPECT_FALSE(head.headers.contains("Cache-Status"));
    play_.pieces = {"small"};
    EXPECT_FALSE(get("Accept-Encoding: gzip\r\n").headers.contains("Content-Encoding"));
}

TEST_F(ContentStage, EncodesNoSecrets) {
    play_.pieces = {std::string(5000, 'a')};
    play_.head = "Content-Type: text/html\r\nSet-Cookie: a=b\r\n";
    EXPECT_EQ(get("Accept-Encoding: gzip\r\n").body, play_.pieces[0]);
    play_.head = "Content-Type: text/html\r\n";
    EXPECT_EQ(get("Accept-Encoding: gzip\r\nCookie: a=b\r\nSec-Fetch-Site: cross-site\r\n").body,
              play_.pieces[0]);
    EXPECT_NE(get("Accept-Encoding: gzip\r\nCookie: a=b\r\nSec-Fetch-Site: same-origin\r\n").body,
              play_.pieces[0]);
}

TEST_F(ContentStage, HalfAnAnswerIsNoAnswer) {
    play_.head = "Cache-Control: max-age=60\r\nContent-Type: text/plain\r\n";
    play_.pieces = {std::string(5000, 'a')};
    play_.chunked = true;
    play_.cut = true;
    for (auto const* fields : {"", "Accept-Encoding: gzip\r\n", "If-None-Match: \"x\"\r\n"}) {
        RawClient client(server_->port());
        client.send(fmt::format("GET /a HTTP/1.1\r\nHost: x\r\n{}\r\n", fields));
        EXPECT_FALSE(client.read_to_end().ends_with("0\r\n\r\n")) << fields;
    }
    play_.cut = false;
    EXPECT_EQ(get().body, play_.pieces[0]);
    EXPECT_EQ(play_.asked, 4);
}

TEST_F(ContentStage, AWriteInvalidates) {
    get();
    EXPECT_EQ(get("Content-Length: 0\r\n", "POST").status, 200);
    EXPECT_EQ(play_.asked, 2);
    get();
    EXPECT_EQ(play_.asked, 3);
    play_.status = 500;
    get("Content-Length: 0\r\n", "DELETE");
    EXPECT_EQ(get().headers.get("Age"), "0");
    EXPECT_EQ(play_.asked, 4);
}

TEST_F(ContentStage, OnlyIfCachedIsA504WithoutACopy) {
    EXPECT_EQ(get("Cache-Control: only-if-cached\r\n").status, 504);
    EXPECT_EQ(play_.asked, 0);
    get();
    EXPECT_EQ(get("Cache-Control: only-if-cached\r\n").status, 200);
}

TEST_F(ContentStage, WhatIsTooLargePassesUnstored) {
    play_.pieces = {std::string(900'000, 'a'), std::string(900'000, 'b')};
    play_.chunked = true;
    for (int i = 1; i <= 2; ++i) {
        EXPECT_EQ(get().body.size(), 1'800'000u);
        EXPECT_EQ(play_.asked, i);
    }
    EXPECT_EQ(content_.store().counts().keys, 0u);
}

TEST_F(ContentStage, A304ForACodedFormIsAboutThatForm) {
    rules_.cache.reset();
    play_.head = "ETag: \"a\"\r\n";
    play_.status = 304;
    auto const coded = get("Accept-Encoding: gzip\r\nIf-None-Match: W/\"a\"\r\n");
    EXPECT_EQ(coded.status, 304);
    EXPECT_EQ(coded.headers.get("ETag"), "W/\"a\"");
    EXPECT_EQ(coded.headers.get("Vary"), "Accept-Encoding");
    auto const plain = get("Accept-Encoding: gzip\r\nIf-None-Match: \"a\"\r\n");
    EXPECT_EQ(plain.headers.get("ETag"), "\"a\"");
}

TEST_F(ContentStage, WaysAreKeptApart) {
    for (auto const* fields : {"", "X-Apart: b\r\n", "", "X-Apart: b\r\n"}) get(fields);
    EXPECT_EQ(play_.asked, 2);
}

TEST_F(ContentStage, ACodedFormSaysNothingOfOtherBytes) {
    play_.head =
        "Cache-Control: max-age=60\r\nContent-Type: text/plain\r\nContent-Digest: x=:eA==:\r\n"
        "Content-MD5: x\r\nRepr-Digest: x=:eA==:\r\nAccept-Ranges: bytes\r\nContent-Language: "
        "en\r\n";
    play_.pieces = {std::string(5000, 'a')};
    for (int i = 0; i < 2; ++i) {
        auto const coded = get("Accept-Encoding: gzip\r\n");
        EXPECT_EQ(coded.headers.get("Content-Encoding"), "gzip");
        EXPECT_EQ(coded.headers.get("Content-Language"), "en");
        for (auto const* name : {"Content-Digest", "Content-MD5", "Repr-Digest", "Accept-Ranges"})
            EXPECT_FALSE(coded.headers.contains(name)) << name << i;
    }
    EXPECT_EQ(get().headers.get("Content-Digest"), "x=:eA==:");
}

TEST_F(ContentStage, LinesOfAListAreOneList) {
    play_.head =
        "Cache-Control: max-age=60\r\nCache-Control: no-transform\r\nContent-Type: text/plain\r\n"
        "ETag: \"a\"\r\nConnection: x-one\r\nConnection: x-two\r\nX-One: 1\r\nX-Two: 2\r\n";
    play_.pieces = {std::string(5000, 'a')};
    for (int i = 0; i < 2; ++i) {
        auto const reply = get("Accept-Encoding: gzip\r\n");
        EXPECT_FALSE(reply.headers.contains("Content-Encoding"));
        EXPECT_FALSE(reply.headers.contains("X-One") || reply.headers.contains("X-Two"));
    }
    EXPECT_EQ(get("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"\r\n").status, 304);
    play_.head = "Content-Type: text/plain\r\nCache-Control: no-store\r\n";
    content_.store().purge_all();
    EXPECT_EQ(
        get("Accept-Encoding: x\r\nAccept-Encoding: gzip\r\n").headers.get("Content-Encoding"),
        "gzip");
}

}  // namespace
}  // namespace grover::gateway
