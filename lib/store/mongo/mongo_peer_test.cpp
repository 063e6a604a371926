// What the servers of the tests cannot show, with peers that speak MongoDB's wire protocol by a
// script: a primary that steps down, the commands of a transaction, causal reads
// across members, and servers that must be refused at start. One file, because all stands on that
// peer.
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/use_future.hpp>

#include "base/config.hpp"
#include "base/error.hpp"
#include "net/deadline.hpp"
#include "store/mongo/mongo_store.hpp"
#include "testing/mongo_peer.hpp"
#include "testing/run_on.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::testing {

using namespace store;

namespace {

using Peer = MongoPeer;
using Command = MongoPeer::Command;

json::object at_time(json::object reply, int seconds) {
    reply["operationTime"] = json::object{{"$timestamp", {{"t", seconds}, {"i", 1}}}};
    return reply;
}

json::object cursor_of(json::array documents) {
    return {{"cursor", {{"id", 0}, {"ns", "db.counters"}, {"firstBatch", std::move(documents)}}}};
}

json::object error(int code, json::array labels) {
    return {{"ok", 0},
            {"code", code},
            {"errmsg", "as the test wants it"},
            {"errorLabels", std::move(labels)}};
}

Schema counters() {
    return {{{.name = "counters", .indexes = {{.fields = {"n"}}}}, {.name = "log"}}};
}

/// In clear text, or with TLS.
class OnEitherWire : public ::testing::TestWithParam<bool> {
protected:
    OnEitherWire() { std::ofstream(authority()) << identity_.chain; }

    Peer peer(Peer::Answer answer) const {
        return GetParam() ? Peer(std::move(answer), identity_) : Peer(std::move(answer));
    }
    Secret url(std::string const& hosts, std::string const& options = "") const {
        auto const tls = "&tls=true&tlsCAFile=" + authority();
        return Secret("mongodb://" + hosts + "/?replicaSet=grover" + (GetParam() ? tls : "") +
                      options);
    }

private:
    std::string authority() const { return folder_.path() / "authority.pem"; }

    TemporaryFolder folder_;
    Certificate identity_ = Certificate::make(3600, 1, "IP:127.0.0.1");
};

std::string wire_of(::testing::TestParamInfo<bool> const& info) {
    return info.param ? "tls" : "clear";
}

/// Two members, the first one primary until the test says otherwise.
class MongoPeers : public OnEitherWire {
protected:
    void open(std::string const& options = "") {
        store_ = open_mongo({.url = url(a_.host() + "," + b_.host(), options),
                             .database = "db",
                             .schema = counters(),
                             .connections = 2});
    }
    json::object answer(int number, Command const& command) {
        if (command.is_hello()) {
            auto out =
                Peer::hello(primary_ == number ? Peer::Role::primary : Peer::Role::secondary);
            out["setName"] = "grover";
            out["setVersion"] = 1;
            out["hosts"] = json::array{json::value(a_.host()), json::value(b_.host())};
            out["me"] = number == 0 ? a_.host() : b_.host();
            return at_time(std::move(out), 1);
        }
        if (command.name == "update" || command.name == "insert" || command.name == "delete" ||
            command.name == "commitTransaction" || command.name == "find" ||
            command.name == "getMore") {
            std::lock_guard const lock(mutex_);
            if (!troubles_.empty() && troubles_.front().first == command.name) {
                auto out = troubles_.front().second;
                troubles_.erase(troubles_.begin());
                if (out.contains("no primary")) {
                    primary_ = 2;
                    out.erase("no primary");
                }
                if (out.contains("step down")) {
                    primary_ = 1 - number;
                    out.erase("step down");
                }
                return out;
            }
        }
        if (command.name == "find") return at_time(cursor_of({}), 5);
        return at_time({{"n", 1}, {"nModified", 1}}, 100);
    }
    void trouble(std::string command, json::object reply) {
        std::lock_guard const lock(mutex_);
        troubles_.emplace_back(std::move(command), std::move(reply));
    }
    bool commit(std::size_t writes) {
        Batch batch;
        batch.add(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
        if (writes > 1) batch.add(Insert{"log", {{"_id", "1"}}});
        return sync(store_->commit(std::move(batch))).has_value();
    }
    static json::value member(Command const& command, std::string_view name) {
        auto const* found = command.body.if_contains(name);
        return found ? *found : json::value();
    }

    std::atomic<int> primary_ = 0;
    std::mutex mutex_;
    std::vector<std::pair<std::string, json::object>> troubles_;  // a command's next answers
    Peer a_ = peer([this](Command const& command) { return answer(0, command); });
    Peer b_ = peer([this](Command const& command) { return answer(1, command); });
    std::unique_ptr<DocumentStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Mongo, MongoPeers, ::testing::Bool(), wire_of);

}  // namespace

TEST_P(MongoPeers, AWriteFollowsThePrimaryAndIsTheSameWrite) {
    open();
    auto reply = error(10107, {"RetryableWriteError"});
    reply["step down"] = true;
    trouble("update", std::move(reply));
    EXPECT_TRUE(commit(1));
    auto const first = a_.commands("update");
    auto const second = b_.commands("update");
    ASSERT_EQ(first.size(), 1u);
    ASSERT_EQ(second.size(), 1u);
    // The server knows a write that it has applied already by these.
    EXPECT_EQ(member(first[0], "txnNumber"), member(second[0], "txnNumber"));
    EXPECT_EQ(member(first[0], "lsid"), member(second[0], "lsid"));
    auto const concern = member(second[0], "writeConcern");
    EXPECT_EQ(concern.at("w"), "majority");
    EXPECT_EQ(concern.at("j"), true);
}

TEST_P(MongoPeers, ABatchIsOneTransaction) {
    open();
    EXPECT_TRUE(commit(2));
    auto const update = a_.commands("update").at(0);
    auto const insert = a_.commands("insert").at(0);
    auto const end = a_.commands("commitTransaction").at(0);
    EXPECT_EQ(member(update, "startTransaction"), true);
    EXPECT_TRUE(member(insert, "startTransaction").is_null());
    for (auto const& one : {update, insert, end}) {
        EXPECT_EQ(member(one, "autocommit"), false);
        EXPECT_EQ(member(one, "txnNumber"), member(update, "txnNumber"));
        EXPECT_EQ(member(one, "lsid"), member(update, "lsid"));
    }
    EXPECT_EQ(member(end, "writeConcern").at("w"), "majority");
}

TEST_P(MongoPeers, WhereIsReadAndWhatIsPromisedIsNotTheUrlsToSay) {
    open("&readPreference=secondary&readConcernLevel=linearizable&w=1&journal=false");
    EXPECT_TRUE(commit(2));
    (void)sync(store_->get("counters", "a"));
    EXPECT_TRUE(b_.commands("find").empty());
    EXPECT_EQ(member(a_.commands("find").at(0), "readConcern").at("level"), "majority");
    auto const* concern = a_.commands("update").at(0).body.if_contains("readConcern");
    EXPECT_TRUE(!concern || !concern->as_object().contains("level"));
    EXPECT_EQ(member(a_.commands("commitTransaction").at(0), "writeConcern").at("w"), "majority");
}

namespace {

Batch writes_of_both_collections() {
    Batch batch;
    batch.add(Insert{"log", {{"_id", "1"}}});
    batch.add(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
    batch.add(Insert{"log", {{"_id", "2"}}});
    batch.add(Patch{.collection = "counters", .id = "b", .inc = {{"n", 1}}});
    return batch;
}

}  // namespace

TEST_P(MongoPeers, WritesToOneCollectionTravelTogether) {
    open();
    trouble("update", {{"n", 2}, {"nModified", 2}});
    EXPECT_TRUE(sync(store_->commit(writes_of_both_collections())));
    EXPECT_EQ(a_.commands("update").size(), 1u);
    EXPECT_EQ(a_.commands("insert").size(), 1u);
    EXPECT_EQ(a_.commands("find").size(), 0u);
    EXPECT_EQ(a_.commands("commitTransaction").size(), 1u);
}

TEST_P(MongoPeers, WhenOneOfThemMatchedNothingTheyAreReadOneByOne) {
    open();
    trouble("update", {{"n", 1}, {"nModified", 1}});
    auto const done = sync(store_->commit(writes_of_both_collections()));
    ASSERT_FALSE(done);  // The peer finds no document.
    EXPECT_EQ(done.error().why, Rejected::Why::missing);
    EXPECT_EQ(done.error().write, 1u);
    EXPECT_TRUE(a_.commands("commitTransaction").empty());
}

TEST_P(MongoPeers, AKeyThatIsThereNamesItsWriteOnlyWhenNoneBeforeItIsOpen) {
    open();
    json::object const there{
        {"writeErrors", json::array{json::object{
                            {"index", 1}, {"code", 11000}, {"errmsg", "index: _id_ dup key"}}}}};
    trouble("update", {{"n", 2}, {"nModified", 2}});
    trouble("insert", there);
    auto const done = sync(store_->commit(writes_of_both_collections()));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().why, Rejected::Why::exists);
    EXPECT_EQ(done.error().write, 2u);
    EXPECT_EQ(a_.commands("insert").size(), 1u);

    trouble("update", there);
    auto const unsure = sync(store_->commit(writes_of_both_collections()));
    ASSERT_FALSE(unsure);  // Read one by one, the log is written to first.
    EXPECT_EQ(unsure.error().write, 1u);
    EXPECT_EQ(a_.commands("insert").size(), 2u);
}

TEST_P(MongoPeers, ATransactionOfAPrimaryThatStepsDownBeginsAnewAtTheNext) {
    open();
    auto reply = error(10107, {"TransientTransactionError"});
    reply["step down"] = true;
    trouble("insert", std::move(reply));
    EXPECT_TRUE(commit(2));
    EXPECT_TRUE(a_.commands("commitTransaction").empty());
    EXPECT_EQ(member(b_.commands("update").at(0), "startTransaction"), true);
    EXPECT_EQ(b_.commands("insert").size(), 1u);
    EXPECT_EQ(b_.commands("commitTransaction").size(), 1u);
}

TEST_P(MongoPeers, ACommitWithoutAnAnswerIsAskedForAgainAndNotBegunAnew) {
    open();
    trouble("commitTransaction",
            {{"writeConcernError", {{"code", 91}, {"errmsg", "shutting down"}}},
             {"errorLabels", json::array{"UnknownTransactionCommitResult"}}});
    EXPECT_TRUE(commit(2));
    auto const commits = a_.commands("commitTransaction");
    ASSERT_EQ(commits.size(), 2u);
    EXPECT_EQ(member(commits[0], "txnNumber"), member(commits[1], "txnNumber"));
    EXPECT_EQ(a_.commands("update").size(), 1u);
}

namespace {

json::object late_majority(int code) {
    return {{"n", 1},
            {"nModified", 1},
            {"writeConcernError", {{"code", code}, {"errmsg", "waiting for replication"}}}};
}

}  // namespace

TEST_P(MongoPeers, WhereTheTimeRanOutTheOutcomeIsUnknownAndNeverARefusal) {
    open();
    auto const status = [&](std::size_t writes) {
        try {
            return commit(writes) ? 0 : 409;
        } catch (Error const& error) {
            return error.status();
        }
    };
    constexpr int late = 50;       // MaxTimeMSExpired
    constexpr int undecided = 64;  // WriteConcernTimeout: stored, by how many is not known
    trouble("update", error(late, {}));
    EXPECT_EQ(status(1), 504);
    for (int const code : {undecided, late}) {
        trouble("update", late_majority(code));
        EXPECT_EQ(status(1), 503) << code;
    }
    // None of them was tried a second time, which might have applied it twice.
    EXPECT_EQ(a_.commands("update").size(), 3u);
    // The end of a transaction may be asked for again: the server knows it by its number.
    for (int const code : {undecided, late}) trouble("commitTransaction", late_majority(code));
    EXPECT_EQ(status(2), 0);
    auto const commits = a_.commands("commitTransaction");
    ASSERT_EQ(commits.size(), 3u);
    EXPECT_EQ(member(commits[0], "txnNumber"), member(commits[2], "txnNumber"));
}

TEST_P(MongoPeers, AReadSeesWhatWasWrittenBeforeIt) {
    open();
    EXPECT_TRUE(commit(1));
    EXPECT_FALSE(sync(store_->get("counters", "a")));
    auto const find = a_.commands("find").at(0);
    auto const concern = member(find, "readConcern");
    EXPECT_EQ(concern.at("level"), "majority");
    EXPECT_EQ(concern.at("afterClusterTime").at("$timestamp").at("t"), 100);
    EXPECT_GT(member(find, "maxTimeMS").to_number<int>(), 0);
    EXPECT_LE(member(find, "maxTimeMS").to_number<int>(), 3'000);
}

TEST_P(MongoPeers, APageIsOneCommand) {
    open();
    trouble("find", cursor_of({{{"_id", "a"}, {"n", 1}, {"_v", 3}}, {{"_id", "b"}, {"n", 2}}}));
    auto const found = sync(store_->find({.collection = "counters", .order = {{"n"}}, .limit = 3}));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].body, (json::object{{"_id", "a"}, {"n", 1}}));
    EXPECT_EQ(found[0].version, 3);
    EXPECT_EQ(found[1].version, 0);
    EXPECT_EQ(a_.commands("find").size(), 1u);
}

TEST_P(MongoPeers, APageThatNoAnswerHoldsIsReadInParts) {
    open();
    auto part = cursor_of({{{"_id", "a"}}});
    part["cursor"].as_object()["id"] = 7;
    trouble("find", part);
    trouble("find", part);
    trouble("getMore", {{"cursor",
                         {{"id", 0},
                          {"ns", "db.counters"},
                          {"nextBatch", json::array{json::object{{"_id", "b"}}}}}}});
    auto const found = sync(store_->find({.collection = "counters", .order = {{"n"}}, .limit = 3}));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[1].body.at("_id"), "b");
    auto const finds = a_.commands("find");
    ASSERT_EQ(finds.size(), 2u);
    for (auto const* const member_name : {"filter", "sort", "limit", "hint", "projection"})
        EXPECT_EQ(member(finds[0], member_name), member(finds[1], member_name)) << member_name;
}

TEST_P(MongoPeers, AnAnswerThatIsNoneIsAFailure) {
    open();
    for (json::object const& answer :
         {json::object{{"n", 1}}, json::object{{"cursor", 1}},
          json::object{{"cursor", {{"id", 0}, {"firstBatch", 7}}}},
          json::object{{"cursor", {{"id", 0}, {"firstBatch", json::array{1, 2}}}}}}) {
        trouble("find", answer);
        EXPECT_THROW((void)sync(store_->get("counters", "a")), std::runtime_error);
    }
    EXPECT_FALSE(sync(store_->get("counters", "a")));
}

TEST_P(MongoPeers, AQueryNamesItsIndexAndOneThatMayLagAsksASecondary) {
    open();
    EXPECT_TRUE(commit(1));
    Query query{.collection = "counters", .order = {{"n"}}, .limit = 3};
    (void)sync(store_->find(query));
    EXPECT_EQ(member(a_.commands("find").at(0), "hint"), "by_n");
    query.may_lag = true;
    // Until the driver knows of it.
    while (b_.commands("find").empty()) (void)sync(store_->find(query));
    auto const find = b_.commands("find").at(0);
    EXPECT_EQ(member(find, "$readPreference").at("mode"), "secondaryPreferred");
    EXPECT_FALSE(member(find, "readConcern").as_object().contains("afterClusterTime"));
}

TEST_P(MongoPeers, WithoutAPrimaryRequestsAreRefusedAndThenServedAgain) {
    open();
    primary_ = 2;
    auto const refused = [&] {
        try {
            commit(1);
            return false;
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), ErrorCode::unavailable);
            EXPECT_TRUE(error.retry_after());
            return true;
        }
    };
    trouble("update", error(10107, {"RetryableWriteError"}));
    EXPECT_TRUE(refused());
    while (sync(store_->health()).connected) std::this_thread::yield();
    EXPECT_TRUE(refused());
    primary_ = 1;
    while (refused()) std::this_thread::yield();
    EXPECT_TRUE(sync(store_->health()).connected);
}

TEST_P(MongoPeers, WhoLooksForAPrimaryHoldsUpNobodyOnTheirLoop) {
    json::object const half{{"n", 1},
                            {"errorLabels", json::array{"RetryableWriteError"}},
                            {"writeConcernError", {{"code", 91}, {"errmsg", "shutting down"}}}};
    for (auto const& reply : {error(10107, {"RetryableWriteError"}), half}) {
        open();
        primary_ = 0;
        net::Loops loops(1);
        loops.start();
        auto const write = [&] {
            Batch batch;
            batch.add(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
            return net::asio::co_spawn(loops.at(0).executor(), store_->commit(std::move(batch)),
                                       net::asio::use_future);
        };
        EXPECT_TRUE(write().get());  // The next one finds a connection.
        auto trouble_to_come = reply;
        trouble_to_come["no primary"] = true;
        trouble("update", std::move(trouble_to_come));
        auto const before = a_.commands("update").size();
        auto written = write();
        while (a_.commands("update").size() == before) std::this_thread::yield();
        run_on(loops.at(0), []() -> net::Task<> { co_return; });
        // The driver waits two seconds for a primary before it gives up.
        EXPECT_EQ(written.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << reply;
        primary_ = 0;
        EXPECT_TRUE(written.get()) << reply;
        store_.reset();
    }
}

// ---- Routers ------------------------------------------------------------------------------------

namespace {

/// What a router of a sharded cluster, or a member of a replica set, is asked about one document of
/// each kind of collection.
class MongoRouter : public ::testing::TestWithParam<bool> {
protected:
    MongoRouter() {
        store_ =
            open_mongo({.url = Secret("mongodb://" + peer_.host() + "/"),
                        .database = "db",
                        .schema = {{{.name = "likes",
                                     .indexes = {{.fields = {"post_id"}}},
                                     .shard_key = {{.field = "post_id", .id_has_it_before = ':'}}},
                                    {.name = "posts",
                                     .indexes = {{.fields = {"user_id"}}},
                                     .shard_key = {{.field = "user_id"}}},
                                    {.name = "names", .shard_key = {{.field = "_id"}}},
                                    {.name = "whole"}}}});
    }
    json::object answer(Command const& command) {
        if (command.is_hello()) {
            auto out = Peer::hello();
            if (GetParam()) {
                out["msg"] = "isdbgrid";
            } else {
                out["setName"] = "grover";
                out["setVersion"] = 1;
                out["hosts"] = json::array{json::value(peer_.host())};
                out["me"] = peer_.host();
            }
            return out;
        }
        if (command.name == "find") return cursor_of({});
        auto const* updates = command.body.if_contains("updates");
        auto const n = updates ? static_cast<int>(updates->as_array().size()) : 1;
        return {{"n", n}, {"nModified", n}};
    }
    template <class... Writes>
    void commit(Writes... writes) {
        Batch batch;
        (batch.add(std::move(writes)), ...);
        (void)sync(store_->commit(std::move(batch)));
    }
    /// The filters of all finds, updates and removals so far, without the version.
    std::vector<json::value> filters() {
        std::vector<json::value> out;
        for (auto const& find : peer_.commands("find")) out.push_back(find.body.at("filter"));
        for (auto const* const name : {"update", "delete"})
            for (auto const& command : peer_.commands(name))
                for (auto const& one : command.body.at(std::string(name) + "s").as_array())
                    out.push_back(one.at("q"));
        for (auto& filter : out) filter.as_object().erase("_v");
        return out;
    }
    /// To a router with `said` beside the id.
    void expect(json::object filter, json::object const& said) {
        if (GetParam())
            for (auto const& member : said) filter[member.key()] = member.value();
        EXPECT_EQ(filters(), std::vector<json::value>{filter});
    }

    Peer peer_{[this](Command const& command) { return answer(command); }};
    std::unique_ptr<DocumentStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Mongo, MongoRouter, ::testing::Bool(),
                         [](auto const& info) { return info.param ? "router" : "member"; });

}  // namespace

TEST_P(MongoRouter, IsToldTheShardThatAnIdTells) {
    (void)sync(store_->get("likes", "p1:u1"));
    expect({{"_id", "p1:u1"}}, {{"post_id", "p1"}});
}

TEST_P(MongoRouter, IsToldTheShardsThatManyIdsTell) {
    (void)sync(store_->get_many("likes", {"p1:u1", "p2:u1", "p1:u2"}));
    expect({{"_id", {{"$in", {"p1:u1", "p2:u1", "p1:u2"}}}}},
           {{"post_id", {{"$in", {"p1", "p2"}}}}});
}

TEST_P(MongoRouter, IsToldNoneWhereAnIdTellsNone) {
    (void)sync(store_->get_many("likes", {"p1:u1", "odd"}));
    expect({{"_id", {{"$in", {"p1:u1", "odd"}}}}}, {});
}

TEST_P(MongoRouter, IsToldNoneOfWhatIsKnownByItsIdOrWhole) {
    (void)sync(store_->get("names", "a:b"));
    commit(Patch{.collection = "whole", .id = "a:b", .set = {{"n", 1}}, .shard = "x"});
    EXPECT_EQ(filters(), (std::vector<json::value>{{{"_id", "a:b"}}, {{"_id", "a:b"}}}));
}

TEST_P(MongoRouter, IsToldTheShardThatAWriterKnows) {
    commit(Patch{.collection = "posts", .id = "p1", .inc = {{"n", 1}}, .shard = "u1"});
    expect({{"_id", "p1"}}, {{"user_id", "u1"}});
}

TEST_P(MongoRouter, IsToldTheShardOfARemoval) {
    commit(Remove{.collection = "posts", .id = "p1", .if_version = 3, .shard = "u1"});
    expect({{"_id", "p1"}}, {{"user_id", "u1"}});
}

TEST_P(MongoRouter, IsToldTheShardThatABodySays) {
    commit(Replace{"posts", {{"_id", "p1"}, {"user_id", "u1"}}, 3});
    expect({{"_id", "p1"}}, {{"user_id", "u1"}});
}

TEST_P(MongoRouter, IsToldTheShardsOfABatch) {
    commit(Patch{.collection = "posts", .id = "p1", .inc = {{"n", 1}}, .shard = "u1"},
           Replace{"posts", {{"_id", "p2"}, {"user_id", "u2"}}, 3});
    json::object first{{"_id", "p1"}};
    json::object second{{"_id", "p2"}};
    if (GetParam()) first["user_id"] = "u1", second["user_id"] = "u2";
    auto const asked = filters();
    EXPECT_EQ(std::ranges::count(asked, json::value(first)), 1);
    EXPECT_EQ(std::ranges::count(asked, json::value(second)), 1);
}

TEST_P(MongoRouter, IsToldTheShardOfWhatIsReadBeforeItIsWritten) {
    commit(Upsert{"posts", {{"_id", "p1"}, {"user_id", "u1"}}});
    expect({{"_id", "p1"}}, {{"user_id", "u1"}});
}

// ---- Deadlines ----------------------------------------------------------------------------------

namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// One member that answers what the test names when the test says so, and the rest at once. Its
/// callers are on one loop, which goes on when they have given up.
class SlowMongo : public OnEitherWire {
protected:
    SlowMongo() {
        loops_.start();
        store_ = open_mongo(
            {.url = url(peer_.host()), .database = "db", .schema = counters(), .connections = 2});
    }
    ~SlowMongo() override { go_on(); }

    json::object answer(Command const& command) {
        if (command.is_hello()) {
            auto out = Peer::hello();
            out["setName"] = "grover";
            out["setVersion"] = 1;
            out["hosts"] = json::array{json::value(peer_.host())};
            out["me"] = peer_.host();
            return out;
        }
        std::unique_lock lock(mutex_);
        if (command.name == slow_) {
            ++held_;
            changed_.notify_all();
            changed_.wait(lock, [&] { return goes_on_; });
        }
        if (command.name == "find") return cursor_of({});
        return {{"n", 1}, {"nModified", 1}};
    }
    /// From now on commands of this name get no answer until go_on(); none for no more of them.
    void hold(std::string name) {
        std::lock_guard const lock(mutex_);
        slow_ = std::move(name);
    }
    void wait_for_held(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return held_ >= count; });
    }
    /// Commits with less and less hurry until the peer holds the command that it waits for.
    void commit_and_give_up(int writes) {
        EXPECT_EQ(get_within(10s, "a connection"), 0);
        for (auto time = 200ms; time < 1h; time *= 2) {
            EXPECT_EQ(commit_within(time, writes), 504);
            std::lock_guard const lock(mutex_);
            if (held_ > 0) return;
        }
    }
    void go_on() {
        std::lock_guard const lock(mutex_);
        slow_.clear();
        goes_on_ = true;
        changed_.notify_all();
    }

    template <class T>
    T within(std::chrono::milliseconds time, net::Task<T> task) {
        return run_on(loops_.at(0), [&]() -> net::Task<T> {
            net::WithDeadline const until(Steady::now() + time);
            co_return co_await std::move(task);
        });
    }
    /// 0 when `ask` ends well.
    template <class Ask>
    static int status_of(Ask ask) {
        try {
            ask();
            return 0;
        } catch (Error const& error) {
            return error.status();
        }
    }
    int get_within(std::chrono::milliseconds time, std::string_view id) {
        return status_of([&] { (void)within(time, store_->get("counters", id)); });
    }
    int commit_within(std::chrono::milliseconds time, int writes, int first = 1) {
        Batch batch;
        for (int n = first; n < first + writes; ++n)
            batch.add(Insert{"log", {{"_id", std::to_string(n)}}});
        return status_of([&] { EXPECT_TRUE(within(time, store_->commit(std::move(batch)))); });
    }
    std::vector<json::value> asked_for(std::string_view name) {
        std::vector<json::value> out;
        for (auto const& command : peer_.commands(name))
            if (auto const* filter = command.body.if_contains("filter"))
                out.push_back(filter->at("_id"));
        return out;
    }
    static int time_of(Command const& command) {
        auto const* time = command.body.if_contains("maxTimeMS");
        return time ? time->to_number<int>() : 0;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string slow_;
    int held_ = 0;
    bool goes_on_ = false;
    net::Loops loops_{1};
    Peer peer_ = peer([this](Command const& command) { return answer(command); });
    std::unique_ptr<DocumentStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Mongo, SlowMongo, ::testing::Bool(), wire_of);

}  // namespace

TEST_P(SlowMongo, CostsAReaderItsDeadlineAndTheNextOneNothing) {
    hold("find");
    EXPECT_EQ(get_within(50ms, "late"), 504);  // The peer has not answered.
    hold("");
    EXPECT_EQ(get_within(10s, "next"), 0);  // By the other connection.
    go_on();
}

TEST_P(SlowMongo, CostsEachOfManyReadersItsOwnDeadline) {
    hold("find");
    std::vector<std::jthread> readers;
    for (int n = 0; n < 20; ++n)  // More than there are connections.
        readers.emplace_back([&, n] { EXPECT_EQ(get_within(20ms + n * 5ms, "late"), 504) << n; });
    readers.clear();
    go_on();
    EXPECT_EQ(get_within(10s, "next"), 0);
}

TEST_P(SlowMongo, NobodyAsksForACallerWhoGaveUpInTheQueue) {
    hold("find");
    std::vector<std::jthread> readers;
    for (int n = 0; n < 2; ++n)
        readers.emplace_back([&] { EXPECT_EQ(get_within(10s, "held"), 0); });
    wait_for_held(2);
    EXPECT_EQ(get_within(20ms, "given up"), 504);
    go_on();
    readers.clear();
    EXPECT_EQ(get_within(10s, "next"), 0);
    for (auto const& id : asked_for("find")) EXPECT_NE(id, "given up");
}

TEST_P(SlowMongo, ADeadlineThatHasPassedAsksNothing) {
    EXPECT_EQ(get_within(0ms, "late"), 504);
    EXPECT_EQ(get_within(-1h, "late"), 504);
    EXPECT_EQ(commit_within(0ms, 1), 504);
    EXPECT_TRUE(peer_.commands("find").empty());
    EXPECT_TRUE(peer_.commands("insert").empty());
}

TEST_P(SlowMongo, TheServerIsToldWhatIsLeftOfTheDeadlineAndNeverMoreThanTheStoresOwn) {
    EXPECT_EQ(get_within(900ms, "a"), 0);
    EXPECT_EQ(get_within(1h, "a"), 0);
    EXPECT_EQ(status_of([&] { (void)sync(store_->get("counters", "a")); }), 0);
    auto const finds = peer_.commands("find");
    ASSERT_EQ(finds.size(), 3u);
    EXPECT_LE(time_of(finds[0]), 900);
    for (auto const& find : finds) EXPECT_GT(time_of(find), 0);
    EXPECT_GT(time_of(finds[1]), 900);
    EXPECT_LE(time_of(finds[1]), 3'000);
    EXPECT_LE(time_of(finds[2]), 3'000);
}

TEST_P(SlowMongo, WritesCarryTheirTimeToo) {
    Batch removal;
    removal.add(Remove{.collection = "log", .id = "1"});
    Batch change;
    change.add(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
    EXPECT_EQ(commit_within(900ms, 1), 0);
    EXPECT_TRUE(within(900ms, store_->commit(std::move(removal))));
    EXPECT_TRUE(within(900ms, store_->commit(std::move(change))));
    EXPECT_EQ(commit_within(1h, 1), 0);
    auto const inserts = peer_.commands("insert");
    for (auto const& command : {inserts.at(0), peer_.commands("delete").at(0)}) {
        EXPECT_GT(time_of(command), 0) << command.name;
        EXPECT_LE(time_of(command), 900) << command.name;
    }
    EXPECT_GT(time_of(inserts.at(1)), 900);
    EXPECT_LE(time_of(inserts.at(1)), 3'000);
    // The driver has no other time for these: that of the wait for a majority.
    auto const concern = peer_.commands("update").at(0).body.at("writeConcern");
    EXPECT_EQ(concern.at("w"), "majority");
    EXPECT_EQ(concern.at("j"), true);
    EXPECT_GT(concern.at("wtimeout").to_number<int>(), 0);
    EXPECT_LE(concern.at("wtimeout").to_number<int>(), 900);
}

TEST_P(SlowMongo, StatementsOfATransactionHaveNoWriteConcern) {
    Batch batch;
    batch.add(Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}});
    batch.add(Insert{"log", {{"_id", "1"}}});
    EXPECT_TRUE(within(900ms, store_->commit(std::move(batch))));
    for (auto const& name : {"update", "insert"})
        EXPECT_FALSE(peer_.commands(name).at(0).body.contains("writeConcern")) << name;
}

TEST_P(SlowMongo, TheEndOfATransactionCarriesItsTime) {
    EXPECT_EQ(commit_within(900ms, 2), 0);
    auto const end = peer_.commands("commitTransaction").at(0);
    EXPECT_GT(time_of(end), 0);
    EXPECT_LE(time_of(end), 900);
}

TEST_P(SlowMongo, AWriterWhoGaveUpLosesNoWriteOfOthers) {
    hold("insert");
    commit_and_give_up(1);  // Its outcome is unknown.
    hold("");
    EXPECT_EQ(commit_within(10s, 1, 100), 0);
    EXPECT_EQ(peer_.commands("insert").size(), 2u);
}

TEST_P(SlowMongo, ATransactionOfACallerWhoGaveUpIsNotCommitted) {
    hold("insert");
    commit_and_give_up(3);
    go_on();
    store_.reset();  // Waits for what is under way.
    EXPECT_TRUE(peer_.commands("commitTransaction").empty());
    EXPECT_EQ(peer_.commands("abortTransaction").size(), 1u);
}

TEST_P(SlowMongo, HealthIsAnsweredWithinItsTime) {
    hold("ping");
    auto const health = within(50ms, store_->health());
    EXPECT_FALSE(health.connected);
    EXPECT_FALSE(health.detail.empty());
    go_on();
    while (!sync(store_->health()).connected) std::this_thread::yield();
}

namespace {

/// The line that an operator sees when `answer` is the server.
std::string refusal(Peer::Answer answer, std::string credentials = "", std::string options = "") {
    Peer const peer(std::move(answer));
    try {
        open_mongo({.url = Secret("mongodb://" + credentials + peer.host() + "/" + options),
                    .database = "db",
                    .schema = counters()});
    } catch (ConfigError const& refused) {
        std::string line = refused.what();
        for (auto at = line.find(peer.host()); at != line.npos; at = line.find(peer.host()))
            line.replace(at, peer.host().size(), "HOST");
        return line;
    }
    return "taken";
}

}  // namespace

TEST(MongoStart, AnOldServerIsRefused) {
    auto const line = refusal([](Command const&) {
        auto out = Peer::hello();
        out["setName"] = "grover";
        out["maxWireVersion"] = 8;
        return out;
    });
    EXPECT_EQ(line, "MONGO_URL: the server at HOST is too old: MongoDB 4.4 is the least");
}

TEST(MongoStart, AServerThatDoesNotKnowTheQuestionIsTooOld) {
    auto const line = refusal([](Command const& command) {
        if (command.name == "hello") return error(59, {});
        auto out = Peer::hello();
        out["maxWireVersion"] = 8;
        return out;
    });
    EXPECT_EQ(line, "MONGO_URL: the server at HOST is too old: MongoDB 4.4 is the least");
}

TEST(MongoStart, AStandaloneServerIsRefused) {
    auto const line = refusal([](Command const&) { return Peer::hello(); });
    EXPECT_TRUE(line.contains("standalone")) << line;
    EXPECT_TRUE(line.contains("MONGO_STANDALONE=1")) << line;
}

TEST(MongoStart, AStandaloneServerWhereAReplicaSetIsMeantIsRefused) {
    auto const line = refusal([](Command const&) { return Peer::hello(); }, "",
                              "?replicaSet=grover&serverSelectionTimeoutMS=200");
    EXPECT_TRUE(line.contains(R"(none is the primary of the replica set "grover")")) << line;
}

TEST(MongoStart, ASecondaryIsRefused) {
    auto const line = refusal(
        [](Command const&) {
            auto out = Peer::hello(Peer::Role::secondary);
            out["setName"] = "grover";
            return out;
        },
        "", "?directConnection=true");
    EXPECT_TRUE(line.contains("is a secondary")) << line;
}

TEST(MongoStart, AWrongPasswordIsRefusedAndNotShown) {
    auto const line = refusal(
        [](Command const& command) { return command.is_hello() ? Peer::hello() : error(18, {}); },
        "ada:opensesame@");
    EXPECT_EQ(line, "MONGO_URL: the server at HOST refuses the user or the password");
}

TEST(MongoStart, AUserWithoutRightsIsRefused) {
    auto const line = refusal([](Command const& command) {
        if (!command.is_hello()) return error(13, {});
        auto out = Peer::hello();
        out["msg"] = "isdbgrid";
        return out;
    });
    EXPECT_EQ(line, "MONGO_URL: the server at HOST does not let the user write to \"db\"");
}

TEST(MongoStart, WhatIsNoServerIsRefusedWithoutShowingTheUrl) {
    for (auto const* const url :
         {"mongodb://ada:opensesame@127.0.0.1:1/?serverSelectionTimeoutMS=200",
          "mongodb://ada:opensesame@no-such-host.invalid/?serverSelectionTimeoutMS=200",
          "mongodb://ada:opensesame@", "mongodb://ada:opensesame@h/?tls=perhaps&x", "opensesame",
          "http://ada:opensesame@127.0.0.1/",
          // Characters that a URL has another use for.
          "mongodb://ada:open@opensesame@127.0.0.1:1/", "mongodb://ada:p:opensesame@127.0.0.1:1/",
          "mongodb://ada:12/opensesame@127.0.0.1:1/", "mongodb://opensesame:12?x@127.0.0.1:1/",
          "mongodb://127.0.0.1:1/?appName=a@opensesame",
          "mongodb://127.0.0.1:1/?tlsCertificateKeyFilePassword=a&opensesame",
          "mongodb://127.0.0.1:1/?TLScertificatekeyfilepassword=a&opensesame=b",
          "mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:a&opensesame=b",
          "mongodb://127.0.0.1:1/\nopensesame", "mongodb://ada:opensesame%zz@127.0.0.1:1/"}) {
        try {
            open_mongo({.url = Secret(url), .database = "db", .schema = counters()});
            ADD_FAILURE() << url;
        } catch (ConfigError const& refused) {
            std::string const line = refused.what();
            EXPECT_TRUE(line.starts_with("MONGO_URL")) << line;
            EXPECT_FALSE(line.contains("opensesame") || line.contains('\n')) << line;
        }
    }
}

TEST(MongoStart, AnOptionThatNobodyKnowsIsRefusedByItsName) {
    auto const refusal_of = [](char const* options) {
        Peer const peer([](Command const&) { return Peer::hello(); });
        try {
            open_mongo({.url = Secret("mongodb://ada:opensesame@" + peer.host() + "/?" + options),
                        .database = "db",
                        .schema = counters()});
        } catch (ConfigError const& refused) {
            return std::string(refused.what());
        }
        return std::string("taken");
    };
    EXPECT_EQ(refusal_of("tsl=true"), R"(MONGO_URL: Unsupported URI option "tsl")");
    EXPECT_EQ(refusal_of("replicaSte=grover"), R"(MONGO_URL: Unsupported URI option "replicaste")");
    EXPECT_EQ(refusal_of("tls=opensesame"), R"(MONGO_URL: Unsupported value for "tls")");
    EXPECT_TRUE(refusal_of("compressors=rar").contains("rar"));
}

TEST(MongoStart, DatabasesOfTheServerItselfAreNotForServices) {
    for (auto const* const name : {"admin", "local", "config"}) {
        try {
            open_mongo(
                {.url = Secret("mongodb://127.0.0.1:1/"), .database = name, .schema = counters()});
            ADD_FAILURE() << name;
        } catch (ConfigError const& refused) {
            EXPECT_TRUE(std::string_view(refused.what()).starts_with("DB_NAME")) << refused.what();
        }
    }
}

}  // namespace grover::testing
