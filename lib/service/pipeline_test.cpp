#include "service/pipeline.hpp"

#include <gtest/gtest.h>

#include <future>

#include "auth/caller.hpp"
#include "net/deadline.hpp"
#include "service/unit.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/run_on.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::service {
namespace {

struct Coin {
    std::string id;
    std::int64_t value = 0;
};
BOOST_DESCRIBE_STRUCT(Coin, (), (id, value))

struct NewCoin {
    std::int64_t value = 0;
};
BOOST_DESCRIBE_STRUCT(NewCoin, (), (value))

/// Makes coins, and fails, waits or crashes on demand.
class CoinApi {
public:
    CoinApi(store::DocumentStore& store, net::Loop& loop) : store_(store), gate_(loop) {}

    Task<http::Created<Coin>> create(auth::Caller, NewCoin in, Unit unit) {
        if (in.value < 0) throw Error(ErrorCode::conflict, "no such coin");
        Coin const coin{Id<"coin">::make(system_now()).str(), in.value};
        store::Batch batch;
        batch.add(store::Insert{"coins", {{"_id", coin.id}, {"value", coin.value}}});
        auto const done = co_await unit.commit(std::move(batch),
                                               http::Created<Coin>{coin, "/api/coins/" + coin.id});
        deadline = net::deadline();
        if (!done) throw Error(ErrorCode::conflict, "there already");
        co_return *done;
    }
    Task<http::Message> polish(http::Path<std::string, "id"> id, Unit unit) {
        store::Batch batch;
        batch.add(store::Patch{
            .collection = "polished", .id = *id, .inc = {{"times", 1}}, .ignore_missing = true});
        http::Message const reply{"polished " + std::to_string(++polished)};
        auto const done = co_await unit.commit(std::move(batch), reply);
        if (die_after_commit) throw std::runtime_error("the process died here");
        co_return *done;
    }
    /// Has nothing to commit.
    Task<http::Message> look(Unit) {
        co_return http::Message{"looked " + std::to_string(++looked)};
    }
    Task<http::Message> wait(Unit unit) {
        waiting.store(true);
        gate_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await gate_.async_wait(net::use_tuple);
        co_return *co_await unit.commit({}, http::Message{"waited"});
    }
    void open_gate() { gate_.cancel(); }

    std::atomic<bool> waiting{false};
    http::Deadline deadline{};  // under which the last coin was made
    int polished = 0;
    int looked = 0;
    bool die_after_commit = false;

private:
    store::DocumentStore& store_;
    net::Timer gate_;
};

class PipelineTest : public ::testing::Test {
protected:
    PipelineTest()
        : store(store::open_sqlite(
              {.file = folder.path() / "store.db",
               .schema = {{idempotency_collection(),
                           {.name = "coins", .indexes = {}, .searchable = {}, .expires_field = {}},
                           {.name = "polished",
                            .indexes = {},
                            .searchable = {},
                            .expires_field = {}}}}})),
          kit("test-service", log, metrics, loops, system_now, signer, store.get()),
          api(*store, loops.at(0)),
          pipeline(kit, router) {
        router.post("/api/coins", api, &CoinApi::create);
        router.put("/api/coins/{id}/polish", api, &CoinApi::polish);
        router.post("/api/look", api, &CoinApi::look);
        router.post("/api/wait", api, &CoinApi::wait);
        kit.verify_tokens_with([](std::string token,
                                  http::Deadline) -> Task<std::optional<auth::Caller>> {
            if (token == "broken") throw Error(ErrorCode::unavailable, "ask later");
            if (token != "good" && token != "other") co_return std::nullopt;
            co_return auth::Caller{auth::UserId::trusted("user_" + token), {}, {auth::Role::user}};
        });
        loops.start();
    }
    ~PipelineTest() override { loops.stop(); }

    struct Call {
        std::string method = "POST";
        std::string path = "/api/coins";
        std::string body = R"({"value":5})";
        std::string key{};
        std::string token = "good";
        http::Deadline deadline{};
        std::string type = "application/json";
    };
    http::Response send(Call call) {
        return testing::run_on(loops.at(0), [&]() -> Task<http::Response> {
            http::Request request;
            request.method = call.method;
            request.target = request.path = call.path;
            request.body = call.body;
            request.deadline = call.deadline;
            request.headers.add("Content-Type", call.type);
            if (!call.token.empty()) request.headers.add("Authorization", "Bearer " + call.token);
            if (!call.key.empty()) request.headers.add("Idempotency-Key", call.key);
            co_return co_await pipeline.handle(request);
        });
    }
    int status_of(Call call) {
        try {
            return send(std::move(call)).status;
        } catch (Error const& e) {
            return e.status();
        }
    }
    std::int64_t coins() {
        return testing::run_on(loops.at(0), [&] { return store->count("coins", {}); });
    }

    testing::TemporaryFolder folder;
    telemetry::Log log{"test", telemetry::Level::off};
    telemetry::Metrics metrics;
    net::Loops loops{1};
    auth::IdentitySigner signer{Secret(std::string(32, 'k'))};
    std::unique_ptr<store::DocumentStore> store;
    Kit kit;
    http::Router router;
    CoinApi api;
    Pipeline pipeline;
};

TEST_F(PipelineTest, WithoutAKeyEveryRequestIsItsOwn) {
    EXPECT_EQ(status_of({}), 201);
    EXPECT_EQ(status_of({}), 201);
    EXPECT_EQ(coins(), 2);
}

TEST_F(PipelineTest, TheHandlerAndWhatItAwaitsHaveTheRequestsDeadline) {
    auto const first = std::chrono::steady_clock::now() + std::chrono::hours(1);
    EXPECT_EQ(status_of({.deadline = first}), 201);
    EXPECT_EQ(api.deadline, first);
    auto const second = first + std::chrono::hours(1);
    EXPECT_EQ(status_of({.key = "k1", .deadline = second}), 201);
    EXPECT_EQ(api.deadline, second);
}

TEST_F(PipelineTest, ARequestWithoutADeadlineHasNoneAndNobodyElses) {
    EXPECT_EQ(status_of({.deadline = std::chrono::steady_clock::now()}), 201);
    EXPECT_EQ(status_of({.token = "broken", .deadline = std::chrono::steady_clock::now()}), 503);
    EXPECT_EQ(status_of({}), 201);
    EXPECT_EQ(api.deadline, std::chrono::steady_clock::time_point::max());
}

TEST_F(PipelineTest, TheSameKeyReplaysTheFirstReply) {
    auto const first = send({.key = "k1"});
    auto const again = send({.key = "k1"});
    EXPECT_EQ(coins(), 1);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.get("Location"), first.headers.get("Location"));
    EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
    EXPECT_FALSE(first.headers.contains("Idempotent-Replayed"));
}

TEST_F(PipelineTest, AnotherRequestUnderTheSameKeyIs422) {
    EXPECT_EQ(status_of({.key = "k1"}), 201);
    EXPECT_EQ(status_of({.body = R"({"value":6})", .key = "k1"}), 422);
    EXPECT_EQ(status_of({.method = "PUT", .path = "/api/coins/a/polish", .key = "k1"}), 422);
    EXPECT_EQ(coins(), 1);
}

TEST_F(PipelineTest, APathSpelledOtherwiseIsTheSameRequest) {
    auto const first = send({.key = "k1"});
    for (auto const* path : {"/api/coins/", "/api/v1/coins", "/api/v1/coins/"})
        EXPECT_EQ(send({.path = path, .key = "k1"}).body, first.body) << path;
    EXPECT_EQ(status_of({.path = "/api/v2/coins", .key = "k1"}), 422);
    EXPECT_EQ(coins(), 1);
}

TEST_F(PipelineTest, AKeyBelongsToItsCaller) {
    EXPECT_EQ(status_of({.key = "k1"}), 201);
    EXPECT_EQ(status_of({.key = "k1", .token = "other"}), 201);
    EXPECT_EQ(coins(), 2);
}

TEST_F(PipelineTest, WhatWasRefusedMayBeTriedAgain) {
    EXPECT_EQ(status_of({.body = R"({"value":-1})", .key = "k1"}), 409);
    EXPECT_EQ(status_of({.body = "{", .key = "k1"}), 400);
    EXPECT_EQ(status_of({.key = "k1"}), 201);
    EXPECT_EQ(coins(), 1);
}

TEST_F(PipelineTest, BadKeysAreRefused) {
    for (std::string const& key :
         {std::string("a b"), std::string("\x01"), std::string(256, 'a'), std::string("\xc3\xa4")})
        EXPECT_EQ(status_of({.key = key}), 400) << key;
    EXPECT_EQ(status_of({.key = std::string(255, 'a')}), 201);
}

TEST_F(PipelineTest, ARequestThatStillRunsIs409) {
    auto first = std::async(std::launch::async,
                            [&] { return send({.path = "/api/wait", .body = "", .key = "k1"}); });
    while (!api.waiting.load()) std::this_thread::yield();
    EXPECT_EQ(status_of({.path = "/api/wait", .body = "", .key = "k1"}), 409);
    net::asio::post(loops.at(0).executor(), [&] { api.open_gate(); });
    EXPECT_EQ(first.get().status, 200);
    EXPECT_EQ(
        send({.path = "/api/wait", .body = "", .key = "k1"}).headers.get("Idempotent-Replayed"),
        "true");
}

TEST_F(PipelineTest, AReplyThatWasLostAfterTheEffectIsThereWithTheEffect) {
    Call const call{.method = "PUT", .path = "/api/coins/a/polish", .body = "", .key = "k1"};
    api.die_after_commit = true;
    EXPECT_THROW(send(call), std::runtime_error);
    auto const again = send(call);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, R"({"message":"polished 1"})");
    EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
    EXPECT_EQ(api.polished, 1);
}

TEST_F(PipelineTest, AReplyWithoutAnEffectIsKeptToo) {
    Call const call{.path = "/api/look", .body = "", .key = "k1"};
    auto const first = send(call);
    EXPECT_FALSE(first.headers.contains("Idempotent-Replayed"));
    auto const again = send(call);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
    EXPECT_EQ(api.looked, 1);
}

TEST_F(PipelineTest, WhatHasNoTagMatchesNone) {
    auto const status_with = [&](std::string if_match) {
        return testing::run_on(loops.at(0), [&]() -> Task<int> {
            http::Request request;
            request.method = "PUT";
            request.path = "/api/coins/a/polish";
            request.headers.add("If-Match", if_match);
            try {
                co_return (co_await pipeline.handle(request)).status;
            } catch (Error const& e) {
                co_return e.status();
            }
        });
    };
    EXPECT_EQ(status_with("*"), 200);
    for (auto const* tag : {"\"x\"", "W/\"x\"", "x", "\"\"", "\"", ",", "W/"})
        EXPECT_EQ(status_with(tag), 412) << tag;
    EXPECT_EQ(api.polished, 1);
}

TEST_F(PipelineTest, StoredRepliesDoNotShowInTheDatabase) {
    std::string const key = "a-key-that-no-other-text-holds";
    auto const reply = send({.body = R"({"value":777777})", .key = key});
    ASSERT_NE(reply.body.find("777777"), std::string::npos);
    auto const records = testing::run_on(loops.at(0), [&] {
        return store->find({.collection = "idempotency", .filter = {}, .order = {}, .after = {}});
    });
    ASSERT_EQ(records.size(), 1u);
    auto const text = boost::json::serialize(records[0].body);
    EXPECT_EQ(text.find("777777"), std::string::npos) << text;
    EXPECT_EQ(text.find(key), std::string::npos) << text;
}

TEST_F(PipelineTest, CredentialsAreCheckedBeforeTheBody) {
    EXPECT_EQ(status_of({.body = "{", .token = ""}), 401);
    EXPECT_EQ(status_of({.body = "{", .token = "expired"}), 401);
    EXPECT_EQ(status_of({.token = "broken"}), 503);
    EXPECT_EQ(coins(), 0);
}

TEST_F(PipelineTest, ASignedIdentityStandsForTheToken) {
    auto const send_with = [&](std::string identity) {
        return testing::run_on(loops.at(0), [&]() -> Task<int> {
            http::Request request;
            request.method = "POST";
            request.path = "/api/coins";
            request.body = R"({"value":5})";
            request.headers.add("Content-Type", "application/json");
            request.headers.add(auth::identity_header, identity);
            try {
                co_return (co_await pipeline.handle(request)).status;
            } catch (Error const& e) {
                co_return e.status();
            }
        });
    };
    auto const caller = auth::Caller{auth::UserId::trusted("user_1"), {}, {}};
    EXPECT_EQ(send_with(signer.sign(caller, system_now())), 201);
    EXPECT_EQ(send_with(signer.sign(caller, system_now() - std::chrono::minutes(2))), 401);
    EXPECT_EQ(send_with(signer.sign_rejected(system_now())), 401);
    EXPECT_EQ(send_with(signer.sign(auth::Service{"x"}, system_now())), 401);
    EXPECT_EQ(send_with("forged.signature"), 401);
}

TEST(PresentedToken, ComesFromTheHeaderOrTheCookie) {
    EXPECT_EQ(presented_token("Bearer abc", ""), "abc");
    EXPECT_EQ(presented_token("", "__Host-grover_session=abc"), "abc");
    EXPECT_EQ(presented_token("", "a=b; __Host-grover_session=abc; c=d"), "abc");
    EXPECT_EQ(presented_token("Bearer abc", "__Host-grover_session=def"), "abc");
    EXPECT_EQ(presented_token("", ""), "");
    EXPECT_EQ(presented_token("", "x__Host-grover_session=abc"), "");
    EXPECT_EQ(presented_token("Basic abc", ""), "?");
}

TEST_F(PipelineTest, a_form_repeated_with_another_boundary_is_the_same_request) {
    auto const send_form = [&](std::string const& boundary, std::string const& value) {
        return Call{.path = "/api/look",
                    .body = "--" + boundary +
                            "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + value +
                            "\r\n--" + boundary + "--\r\n",
                    .key = "form",
                    .type = "multipart/form-data; boundary=" + boundary};
    };
    EXPECT_EQ(send(send_form("first", "x")).headers.get("Idempotent-Replayed"), "");
    auto const again = send(send_form("second", "x"));
    EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
    EXPECT_EQ(api.looked, 1);
    EXPECT_EQ(status_of(send_form("second", "y")), 422);
    auto without = send_form("third", "x");
    without.type = "multipart/form-data";
    EXPECT_EQ(status_of(without), 400);
}

}  // namespace
}  // namespace grover::service
