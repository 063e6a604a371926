// What goes wrong between us and a primary, injected by the server's own fail points (failCommand:
// MongoDB's driver test hooks): lost answers, a primary that steps down, transactions to be begun
// anew, slowness. Whatever happens, a batch is applied once or not at all, and said so.
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "net/async.hpp"
#include "store/mongo/connection.hpp"
#include "store/mongo/mongo_store.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::testing {

using namespace store;

namespace {

class MongoFailures : public ::testing::Test {
protected:
    void SetUp() override {
        auto const* const url = std::getenv("GROVER_MONGO_URL");
        if (!url || std::getenv("MONGO_STANDALONE"))
            GTEST_SKIP() << "no MongoDB server with transactions: GROVER_MONGO_URL names none";
        url_ = url;
        database_ = "test_" + folder_.path().filename().string();
        store_ = open({});
        admin_ = std::make_unique<mongo::Pool>(
            mongo::Pool::Options{Secret(url_), "admin", std::chrono::seconds(10)});
        apply(Insert{"counters", {{"_id", "a"}, {"n", 0}}});
    }
    void TearDown() override {
        if (admin_) fail_point({{"configureFailPoint", "failCommand"}, {"mode", "off"}});
    }

    std::unique_ptr<DocumentStore> open(MongoOptions options) {
        options.url = Secret(url_);
        options.database = database_;
        options.schema = {{{.name = "counters"}, {.name = "log"}}};
        return open_mongo(std::move(options));
    }

    void fail_point(json::object const& command) {
        mongo::Bson bson;
        for (auto const& member : command) mongo::append(bson.raw(), member.key(), member.value());
        mongo::Connection::Reply reply;
        mongo::Connection(*admin_).run(bson, reply);
    }
    /// The next `times` of `commands` fail as `data` says.
    void fail(std::int64_t times, json::array commands, json::object data) {
        data["failCommands"] = std::move(commands);
        fail_point({{"configureFailPoint", "failCommand"},
                    {"mode", {{"times", times}}},
                    {"data", std::move(data)}});
    }

    std::expected<void, Rejected> commit(Batch batch) {
        return sync(store_->commit(std::move(batch)));
    }
    template <class... Writes>
    void apply(Writes... writes) {
        Batch batch;
        (batch.add(std::move(writes)), ...);
        EXPECT_TRUE(commit(std::move(batch)).has_value());
    }
    /// One more on the counter, and a line about it.
    static Batch step(std::string id) {
        Batch batch;
        batch.add(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
        batch.add(Insert{"log", {{"_id", std::move(id)}}});
        return batch;
    }
    void expect_steps(std::int64_t n) {
        EXPECT_EQ(sync(store_->get("counters", "a"))->body.at("n"), n);
        EXPECT_EQ(sync(store_->count("log", {})), n);
    }

    TemporaryFolder folder_;
    std::string url_;
    std::string database_;
    std::unique_ptr<DocumentStore> store_;
    std::unique_ptr<mongo::Pool> admin_;
};

json::object const not_primary{{"errorCode", 10107},
                               {"errorLabels", json::array{"RetryableWriteError"}}};

}  // namespace

TEST_F(MongoFailures, ALostConnectionIsTriedAgainOnce) {
    fail(1, {"update"}, {{"closeConnection", true}});
    apply(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
    fail(1, {"insert"}, {{"closeConnection", true}});
    apply(Insert{"log", {{"_id", "1"}}});
    expect_steps(1);
    fail(1, {"find"}, {{"closeConnection", true}});
    expect_steps(1);
}

TEST_F(MongoFailures, APrimaryThatStepsDownIsFoundAgain) {
    fail(1, {"update"}, not_primary);
    apply(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
    fail(1, {"insert"}, not_primary);
    apply(Insert{"log", {{"_id", "1"}}});
    expect_steps(1);
}

TEST_F(MongoFailures, ATransactionThatMayBeBegunAnewIs) {
    for (auto const* const command : {"update", "insert"}) {
        fail(3, {command},
             {{"errorCode", 112}, {"errorLabels", json::array{"TransientTransactionError"}}});
        EXPECT_TRUE(commit(step(command)).has_value());
    }
    expect_steps(2);
    fail(2, {"update"}, {{"closeConnection", true}});
    EXPECT_TRUE(commit(step("closed")).has_value());
    expect_steps(3);
}

TEST_F(MongoFailures, ACommitWhoseOutcomeIsUnknownIsAskedAgain) {
    // Lost before it was carried out, and after.
    fail(1, {"commitTransaction"}, {{"closeConnection", true}});
    EXPECT_TRUE(commit(step("before")).has_value());
    expect_steps(1);
    fail(2, {"commitTransaction"},
         {{"errorLabels", json::array{"RetryableWriteError", "UnknownTransactionCommitResult"}},
          {"writeConcernError", {{"code", 91}, {"errmsg", "shutting down"}}}});
    EXPECT_TRUE(commit(step("after")).has_value());
    expect_steps(2);
    fail(1, {"commitTransaction"},
         {{"errorCode", 251}, {"errorLabels", json::array{"TransientTransactionError"}}});
    EXPECT_TRUE(commit(step("gone")).has_value());
    expect_steps(3);
}

TEST_F(MongoFailures, WhatNoRetryMendsIsUnavailableAndNotApplied) {
    store_ = open({.operation_time = std::chrono::milliseconds(400)});
    fail(1'000, {"update", "insert", "find", "aggregate"}, not_primary);
    try {
        (void)commit(step("1"));
        ADD_FAILURE() << "was committed";
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_TRUE(error.retry_after());
    }
    EXPECT_THROW((void)sync(store_->get("counters", "a")), Error);
    fail_point({{"configureFailPoint", "failCommand"}, {"mode", "off"}});
    expect_steps(0);
}

TEST_F(MongoFailures, ASlowServerCostsItsCallersTheirTime) {
    store_ = open({.connections = 2, .operation_time = std::chrono::milliseconds(300)});
    fail(4, {"find"}, {{"blockConnection", true}, {"blockTimeMS", 1'500}});
    EXPECT_THROW((void)sync(store_->get("counters", "a")), Error);
    // Others go on: a count is no find.
    EXPECT_EQ(sync(store_->count("log", {})), 0);
    EXPECT_TRUE(sync(store_->health()).connected);
}

TEST_F(MongoFailures, TheStartWaitsForItsIndexesLongerThanForAnOperation) {
    fail(2, {"createIndexes"}, {{"blockConnection", true}, {"blockTimeMS", 600}});
    EXPECT_TRUE(open_mongo({.url = Secret(url_),
                            .database = database_,
                            .schema = {{{.name = "indexed", .indexes = {{.fields = {"n"}}}}}},
                            .operation_time = std::chrono::milliseconds(200)}));
}

TEST_F(MongoFailures, AServerThatTakesNoWritesIsUnavailableAndSaysWhyInItsHealth) {
    for (auto const code : {14031, 371, 13}) {  // full disk, writes blocked, rights lost
        fail(100, {"update", "insert"}, {{"errorCode", code}});
        try {
            (void)commit(step("1"));
            ADD_FAILURE() << "was committed";
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), ErrorCode::unavailable) << code;
        }
        auto const health = sync(store_->health());
        EXPECT_TRUE(health.connected);
        EXPECT_FALSE(health.sound);
        EXPECT_TRUE(health.detail.contains(std::to_string(code))) << health.detail;
        fail_point({{"configureFailPoint", "failCommand"}, {"mode", "off"}});
        EXPECT_TRUE(commit(step(std::to_string(code))).has_value());
        EXPECT_TRUE(sync(store_->health()).sound);
    }
}

TEST_F(MongoFailures, AServerThatLetsNobodyReadSaysSoInItsHealth) {
    fail(100, {"find"}, {{"errorCode", 13}});
    EXPECT_THROW((void)sync(store_->get("counters", "a")), Error);
    auto const health = sync(store_->health());
    EXPECT_TRUE(health.connected);
    EXPECT_FALSE(health.sound);
}

TEST_F(MongoFailures, MoreThanMayWaitAreRefusedAtOnce) {
    store_ = open({.connections = 1, .operation_time = std::chrono::seconds(10)});
    fail(1, {"find"}, {{"blockConnection", true}, {"blockTimeMS", 500}});
    auto const outcome_of = [&](std::size_t) -> net::Task<std::string> {
        try {
            co_await store_->get("counters", "a");
            co_return "done";
        } catch (Error const& error) {
            co_return std::string(error.code() == ErrorCode::unavailable ? "refused" : "other");
        }
    };
    std::vector<net::Task<std::string>> all;
    auto const count = limits::store_queue_max + 10;
    for (std::size_t i = 0; i < count; ++i) all.push_back(outcome_of(i));
    auto const outcomes = sync(net::gather(std::move(all)));
    EXPECT_EQ(std::ranges::count(outcomes, "refused"), 10);
    EXPECT_EQ(std::ranges::count(outcomes, "done"), static_cast<long>(limits::store_queue_max));
}

}  // namespace grover::testing
