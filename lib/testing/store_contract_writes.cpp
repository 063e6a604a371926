#include "base/error.hpp"
#include "base/limits.hpp"
#include "net/deadline.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

using namespace store;
using namespace std::string_view_literals;

void contract::writes() {}

namespace {

/// An object in an object ..., `depth` of them.
json::value nested(std::size_t depth) {
    json::value out = "bottom";
    for (std::size_t i = 0; i < depth; ++i) out = json::object{{"in", std::move(out)}};
    return out;
}

}  // namespace

TEST_P(StoreContract, ACommitLeavesItsCallersDeadlineInForce) {
    auto const until = std::chrono::steady_clock::now() + std::chrono::hours(1);
    EXPECT_TRUE(sync([](auto& store, auto end) -> net::Task<bool> {
        net::WithDeadline const with(end);
        Batch batch;
        batch.add(Insert{"things", {{"_id", "1"}}});
        EXPECT_TRUE(co_await store.commit(std::move(batch)));
        co_return net::deadline() == end;
    }(*store_, until)));
}

TEST_P(StoreContract, EveryKindOfValueComesBackAsItWas) {
    json::object const body{
        {"_id", "thing_1"},
        {"null", nullptr},
        {"yes", true},
        {"least", std::numeric_limits<std::int64_t>::min()},
        {"most", std::numeric_limits<std::int64_t>::max()},
        {"third", 1.0 / 3},
        {"whole_double", 2.0},
        {"text", "quotes \" \\ control \x01 NUL \x00 end, Ελλάδα 漢字 😀"sv},
        {"with space.and$", 1},
        {"empty", json::array{"", json::object{}, json::array{}}},
        {"nested", nested(limits::json_depth_max)},
    };
    apply(Insert{"things", body});
    auto const found = get("things", "thing_1");
    ASSERT_TRUE(found);
    EXPECT_EQ(json::value(found->body), json::value(body));
    EXPECT_EQ(found->version, 1);
    EXPECT_TRUE(found->body.at("whole_double").is_double());
    reopen();
    EXPECT_EQ(json::value(get("things", "thing_1")->body), json::value(body));
}

TEST_P(StoreContract, IdsAreAnyText) {
    for (std::string const id : {"a", "A", "ä", "漢字😀", "with \"quotes\" and 'such' %", "0"})
        apply(Insert{"counters", {{"_id", id}, {"was", id}}});
    for (std::string const id : {"a", "A", "ä", "漢字😀", "with \"quotes\" and 'such' %", "0"})
        EXPECT_EQ(get("counters", id)->body.at("was").as_string(), std::string_view(id));
    EXPECT_EQ(count("counters"), 6);
}

TEST_P(StoreContract, GetManyKeepsTheOrderAndTheGaps) {
    apply(Insert{"counters", {{"_id", "a"}}}, Insert{"counters", {{"_id", "b"}}});
    auto const found = sync(store_->get_many("counters", {"b", "missing", "a", "b", ""}));
    ASSERT_EQ(found.size(), 5u);
    EXPECT_EQ(found[0]->body.at("_id"), "b");
    EXPECT_FALSE(found[1]);
    EXPECT_EQ(found[2]->body.at("_id"), "a");
    EXPECT_EQ(found[3]->body.at("_id"), "b");
    EXPECT_FALSE(found[4]);
    EXPECT_TRUE(sync(store_->get_many("counters", {})).empty());
    EXPECT_FALSE(get("counters", "missing"));
}

TEST_P(StoreContract, InsertNeverReplaces) {
    apply(Insert{"counters", {{"_id", "a"}, {"n", 1}}});
    EXPECT_EQ(describe(commit_all(Insert{"counters", {{"_id", "a"}, {"n", 2}}})), "exists 0");
    EXPECT_EQ(get("counters", "a")->body.at("n"), 1);
    EXPECT_EQ(get("counters", "a")->version, 1);
    apply(Insert{"things", {{"_id", "a"}}});  // another collection, another document
}

TEST_P(StoreContract, ReplaceIsTheWholeDocument) {
    EXPECT_EQ(describe(commit_all(Replace{"counters", {{"_id", "a"}}})), "missing 0");
    apply(Insert{"counters", {{"_id", "a"}, {"n", 1}, {"old", true}}});
    apply(Replace{"counters", {{"_id", "a"}, {"n", 2}}});
    auto const found = get("counters", "a");
    EXPECT_EQ(json::value(found->body), json::value({{"_id", "a"}, {"n", 2}}));
    EXPECT_EQ(found->version, 2);
    EXPECT_EQ(describe(commit_all(Replace{"counters", {{"_id", "a"}}, 1})), "version 0");
    EXPECT_EQ(describe(commit_all(Replace{"counters", {{"_id", "b"}}, 1})), "missing 0");
    apply(Replace{"counters", {{"_id", "a"}, {"n", 3}}, 2});
    EXPECT_EQ(get("counters", "a")->version, 3);
}

TEST_P(StoreContract, UpsertIsBoth) {
    apply(Upsert{"counters", {{"_id", "a"}, {"n", 1}}});
    EXPECT_EQ(get("counters", "a")->version, 1);
    apply(Upsert{"counters", {{"_id", "a"}, {"m", 2}}});
    auto const found = get("counters", "a");
    EXPECT_EQ(json::value(found->body), json::value({{"_id", "a"}, {"m", 2}}));
    EXPECT_EQ(found->version, 2);
}

TEST_P(StoreContract, PatchSetsCountsAndRemoves) {
    apply(Insert{"counters", {{"_id", "a"}, {"n", 5}, {"x", 0.5}, {"gone", 1}, {"kept", "k"}}});
    apply(Patch{.collection = "counters",
                .id = "a",
                .set = {{"text", "t"}, {"gone", nullptr}, {"list", json::array{1, 2}}},
                .inc = {{"n", 2}, {"x", 1}, {"new", -3}}});
    auto const found = get("counters", "a");
    EXPECT_EQ(json::value(found->body), json::value({{"_id", "a"},
                                                     {"n", 7},
                                                     {"x", 1.5},
                                                     {"kept", "k"},
                                                     {"text", "t"},
                                                     {"list", json::array{1, 2}},
                                                     {"new", -3}}));
    EXPECT_EQ(found->version, 2);
    apply(Patch{.collection = "counters", .id = "a"});  // nothing to do is a write too
    EXPECT_EQ(get("counters", "a")->version, 3);
}

TEST_P(StoreContract, PatchReachesIntoObjects) {
    apply(Insert{"counters", {{"_id", "a"}, {"votes", {{"0", 1}}}}});
    apply(Patch{.collection = "counters",
                .id = "a",
                .set = {{"deep.er.value", "v"}, {"none.here", nullptr}},
                .inc = {{"votes.0", 1}, {"votes.1", 1}, {"made.up", 4}}});
    EXPECT_EQ(json::value(get("counters", "a")->body),
              json::value({{"_id", "a"},
                           {"votes", {{"0", 2}, {"1", 1}}},
                           {"deep", {{"er", {{"value", "v"}}}}},
                           {"made", {{"up", 4}}}}));
    apply(Patch{.collection = "counters", .id = "a", .set = {{"votes.0", nullptr}}});
    EXPECT_EQ(get("counters", "a")->body.at("votes"), json::value({{"1", 1}}));
}

TEST_P(StoreContract, PatchLooksBeforeItWrites) {
    apply(Insert{"counters", {{"_id", "a"}, {"owner", "x"}, {"n", 1}}});
    Patch patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}};
    auto const with = [&](Filter only_if) {
        auto out = patch;
        out.only_if = std::move(only_if);
        return out;
    };
    EXPECT_EQ(describe(commit_all(with({{.field = "owner", .value = "y"}}))), "condition 0");
    EXPECT_EQ(describe(commit_all(with({{.field = "n", .value = "1"}}))), "condition 0");
    EXPECT_EQ(describe(commit_all(with({{.field = "nothing", .value = 0}}))), "condition 0");
    apply(with({{.field = "owner", .value = "x"}, {.field = "nothing", .value = nullptr}}));
    apply(with({{.field = "n", .value = 2.0}, {.field = "_id", .value = "a"}}));
    patch.if_version = 2;
    EXPECT_EQ(describe(commit_all(patch)), "version 0");
    patch.if_version = 3;
    apply(patch);
    EXPECT_EQ(get("counters", "a")->body.at("n"), 4);
    patch.id = "missing";
    EXPECT_EQ(describe(commit_all(patch)), "missing 0");
    patch.ignore_missing = true;
    apply(patch);
    EXPECT_FALSE(get("counters", "missing"));
}

TEST_P(StoreContract, Remove) {
    apply(Insert{"counters", {{"_id", "a"}, {"n", 1}}});
    Remove remove{.collection = "counters", .id = "a"};
    auto other = remove;
    other.only_if = {{.field = "n", .value = 2}};
    EXPECT_EQ(describe(commit_all(other)), "condition 0");
    other = remove;
    other.if_version = 7;
    EXPECT_EQ(describe(commit_all(other)), "version 0");
    apply(remove);
    EXPECT_FALSE(get("counters", "a"));
    EXPECT_EQ(describe(commit_all(remove)), "missing 0");
    remove.ignore_missing = true;
    apply(remove);
    apply(Insert{"counters", {{"_id", "a"}}});
    EXPECT_EQ(get("counters", "a")->version, 1);
}

TEST_P(StoreContract, RemoveAllThatMatch) {
    Batch batch;
    for (auto i = 0; i < 2'500; ++i)
        batch.add(Insert{"things", {{"_id", std::to_string(i)}, {"a", i % 2}, {"b", i}}});
    EXPECT_TRUE(commit(std::move(batch)).has_value());
    using Op = Condition::Op;
    apply(RemoveAll{"things", {{.field = "a", .value = 7}}});
    EXPECT_EQ(count("things"), 2'500);
    apply(RemoveAll{"things",
                    {{.field = "a", .value = 0}, {.field = "b", .op = Op::less, .value = 2'400}}});
    EXPECT_EQ(count("things"), 1'300);
    apply(RemoveAll{"things", {{.field = "_id", .op = Op::in, .value = json::array{"1", "x"}}}});
    EXPECT_EQ(count("things"), 1'299);
    apply(RemoveAll{"things"});
    EXPECT_EQ(count("things"), 0);
}

TEST_P(StoreContract, ABatchHappensAsAWholeOrNotAtAll) {
    apply(Insert{"counters", {{"_id", "a"}, {"n", 1}}}, Insert{"people", {{"_id", "p"}}},
          Insert{"things", {{"_id", "t"}, {"title", "word"}}});
    auto const outcome = commit_all(
        Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}},
        Insert{"things", {{"_id", "new"}, {"a", 1}, {"title", "fresh"}}},
        Remove{.collection = "things", .id = "t"}, Upsert{"people", {{"_id", "p"}, {"email", "e"}}},
        Remove{.collection = "people", .id = "?"}, Remove{.collection = "people", .id = "??"});
    EXPECT_EQ(describe(outcome), "missing 4");
    EXPECT_EQ(get("counters", "a")->body.at("n"), 1);
    EXPECT_FALSE(get("things", "new"));
    EXPECT_TRUE(get("things", "t"));
    EXPECT_FALSE(get("people", "p")->body.contains("email"));
    EXPECT_EQ(search({.collection = "things", .words = {"fresh"}}), "");
    EXPECT_EQ(search({.collection = "things", .words = {"word"}}), "t");
    EXPECT_EQ(count("things", {{.field = "a", .value = 1}}), 0);
}

TEST_P(StoreContract, TheFirstWriteOfAllThatCannotBeIsNamed) {
    apply(Insert{"counters", {{"_id", "there"}}});
    Patch const patch{.collection = "counters", .id = "missing", .set = {{"n", 1}}};
    Remove const remove{.collection = "counters", .id = "missing"};
    Insert const again{"counters", {{"_id", "there"}}};
    EXPECT_EQ(describe(commit_all(patch, again)), "missing 0");
    EXPECT_EQ(describe(commit_all(remove, again)), "missing 0");
    EXPECT_EQ(describe(commit_all(Replace{"counters", {{"_id", "missing"}}, 1}, again)),
              "missing 0");
    EXPECT_EQ(describe(commit_all(again, patch)), "exists 0");
    EXPECT_EQ(describe(commit_all(Insert{"counters", {{"_id", "new"}}}, again, remove)),
              "exists 1");
}

TEST_P(StoreContract, NamesWithinAPatchedValueAreAnyText) {
    apply(Insert{"counters", {{"_id", "a"}}}, Insert{"counters", {{"_id", "b"}}});
    json::object const value{
        {"", 1}, {"a.b", 2}, {"$set", 3}, {"$", json::object{{"$in", json::array{1}}}}};
    Patch const patch{.collection = "counters", .id = "a", .set = {{"value", value}}};
    apply(patch);
    EXPECT_EQ(get("counters", "a")->body.at("value"), json::value(value));
    auto other = patch;
    other.id = "b";
    apply(patch, other);
    EXPECT_EQ(get("counters", "b")->body.at("value"), json::value(value));
    EXPECT_EQ(get("counters", "a")->version, 3);
}

TEST_P(StoreContract, WritesOfABatchSeeTheOnesBefore) {
    apply(Insert{"counters", {{"_id", "a"}, {"n", 1}}},
          Patch{.collection = "counters", .id = "a", .inc = {{"n", 1}}},
          Replace{"counters", {{"_id", "a"}, {"n", 5}}, 2},
          Patch{.collection = "counters",
                .id = "a",
                .inc = {{"n", 1}},
                .only_if = {{.field = "n", .value = 5}}});
    EXPECT_EQ(get("counters", "a")->body.at("n"), 6);
    EXPECT_EQ(get("counters", "a")->version, 4);
    apply(Remove{.collection = "counters", .id = "a"}, Insert{"counters", {{"_id", "a"}}});
    EXPECT_EQ(get("counters", "a")->version, 1);
    EXPECT_EQ(describe(commit_all(Insert{"counters", {{"_id", "b"}}},
                                  Insert{"counters", {{"_id", "b"}}})),
              "exists 1");
    EXPECT_TRUE(commit({}).has_value());
}

TEST_P(StoreContract, LargeDocuments) {
    std::string const text(4 << 20, 'x');
    apply(Insert{"things", {{"_id", "large"}, {"text", text}}});
    EXPECT_EQ(get("things", "large")->body.at("text").as_string(), std::string_view(text));
    apply(Patch{.collection = "things", .id = "large", .inc = {{"a", 1}}});
    EXPECT_EQ(get("things", "large")->body.at("text").as_string(), std::string_view(text));

    std::string const beyond(limits::document_bytes_max, 'x');
    EXPECT_THROW((void)commit_all(Insert{"things", {{"_id", "beyond"}, {"text", beyond}}}), Error);
    EXPECT_THROW((void)commit_all(Insert{
                     "things", {{"_id", "deep"}, {"in", nested(limits::document_depth_max)}}}),
                 Error);
    apply(Insert{"things", {{"_id", "deep"}, {"in", nested(limits::document_depth_max - 1)}}});
    EXPECT_TRUE(get("things", "deep"));
}

TEST_P(StoreContract, WhatNoProgramShouldWrite) {
    apply(Insert{"counters", {{"_id", "a"}, {"text", "t"}, {"n", 1}}});
    EXPECT_WRONG(commit_all(Insert{"nowhere", {{"_id", "a"}}}));
    EXPECT_WRONG(commit_all(Remove{.collection = "nowhere", .id = "a"}));
    EXPECT_WRONG(commit_all(Insert{"counters", {{"n", 1}}}));
    EXPECT_WRONG(commit_all(Insert{"counters", {{"_id", 1}}}));
    EXPECT_WRONG(commit_all(Insert{"counters", {{"_id", ""}}}));
    EXPECT_WRONG(commit_all(Upsert{"counters", {{"_id", nullptr}}}));
    EXPECT_WRONG(commit_all(Insert{"things", {{"_id", "a"}, {"a", json::array{1}}}}));
    EXPECT_WRONG(commit_all(Insert{"things", {{"_id", "a"}, {"b", json::object{}}}}));
    EXPECT_WRONG(commit_all(RemoveAll{"counters", {{.field = "n", .value = 1}}}));

    auto const patch = [&](json::object set, std::vector<std::pair<std::string, std::int64_t>> inc,
                           Filter only_if = {}) {
        return commit_all(Patch{.collection = "counters",
                                .id = "a",
                                .set = std::move(set),
                                .inc = std::move(inc),
                                .only_if = std::move(only_if)});
    };
    EXPECT_WRONG(patch({{"_id", "b"}}, {}));
    EXPECT_WRONG(patch({{"n", 1}}, {{"n", 1}}));
    EXPECT_WRONG(patch({{"o.n", 1}, {"o", 1}}, {}));
    EXPECT_WRONG(patch({{"", 1}}, {}));
    EXPECT_WRONG(patch({{"a..b", 1}}, {}));
    EXPECT_WRONG(patch({}, {{"text", 1}}));
    EXPECT_WRONG(patch({}, {{"text.n", 1}}));
    EXPECT_WRONG(patch({}, {{"n", std::numeric_limits<std::int64_t>::max()}}));
    EXPECT_WRONG(patch({}, {}, {{.field = "n", .op = Condition::Op::less, .value = 9}}));

    Batch batch;
    for (std::size_t i = 0; i <= limits::batch_operations_max; ++i)
        batch.add(Remove{.collection = "counters", .id = "x", .ignore_missing = true});
    EXPECT_WRONG(commit(std::move(batch)));

    // And the store is none the worse for it.
    EXPECT_EQ(json::value(get("counters", "a")->body),
              json::value({{"_id", "a"}, {"text", "t"}, {"n", 1}}));
    apply(Insert{"counters", {{"_id", "b"}}});
    EXPECT_TRUE(sync(store_->health()).connected);
}

}  // namespace grover::testing
