#include "base/limits.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

using namespace store;
using Op = Condition::Op;

void contract::queries() {}

namespace {

/// One of each kind, in the order that all engines keep; "missing" has no "b" at all.
std::vector<Insert> one_of_each_kind() {
    return {
        {"things", {{"_id", "missing"}, {"a", 1}}},
        {"things", {{"_id", "null"}, {"a", 1}, {"b", nullptr}}},
        {"things", {{"_id", "minus"}, {"a", 1}, {"b", -1.5}}},
        {"things", {{"_id", "one"}, {"a", 1}, {"b", 1}}},
        {"things", {{"_id", "one_double"}, {"a", 1}, {"b", 1.0}}},
        {"things", {{"_id", "two"}, {"a", 1}, {"b", 2}}},
        {"things", {{"_id", "vast"}, {"a", 1}, {"b", 9'007'199'254'740'993}}},
        {"things", {{"_id", "empty"}, {"a", 1}, {"b", ""}}},
        {"things", {{"_id", "text_1"}, {"a", 1}, {"b", "1"}}},
        {"things", {{"_id", "upper"}, {"a", 1}, {"b", "B"}}},
        {"things", {{"_id", "lower"}, {"a", 1}, {"b", "a"}}},
        {"things", {{"_id", "umlaut"}, {"a", 1}, {"b", "ä"}}},
        {"things", {{"_id", "private_use"}, {"a", 1}, {"b", "\uE000"}}},
        {"things", {{"_id", "smile"}, {"a", 1}, {"b", "😀"}}},  // after it in UTF-16, not in UTF-8
        {"things", {{"_id", "false"}, {"a", 1}, {"b", false}}},
        {"things", {{"_id", "true"}, {"a", 1}, {"b", true}}},
    };
}

}  // namespace

TEST_P(StoreContract, EqualityKnowsKinds) {
    for (auto& write : one_of_each_kind()) apply(write);
    auto const equal = [&](json::value value) {
        return find({.collection = "things", .filter = {{.field = "b", .value = value}}});
    };
    EXPECT_EQ(equal(1), "one one_double");
    EXPECT_EQ(equal(1.0), "one one_double");
    EXPECT_EQ(equal("1"), "text_1");
    EXPECT_EQ(equal(true), "true");
    EXPECT_EQ(equal(false), "false");
    EXPECT_EQ(equal(0), "");
    EXPECT_EQ(equal(nullptr), "missing null");
    EXPECT_EQ(equal(""), "empty");
    EXPECT_EQ(equal("A"), "");
    EXPECT_EQ(equal(9'007'199'254'740'993), "vast");
    EXPECT_EQ(equal(9'007'199'254'740'992), "");
}

TEST_P(StoreContract, RangesStayWithinAKind) {
    for (auto& write : one_of_each_kind()) apply(write);
    auto const range = [&](Op op, json::value value) {
        return find({.collection = "things",
                     .filter = {{.field = "b", .op = op, .value = value}},
                     .order = {{.field = "b"}}});
    };
    EXPECT_EQ(range(Op::less, 2), "minus one one_double");
    EXPECT_EQ(range(Op::less_equal, 2), "minus one one_double two");
    EXPECT_EQ(range(Op::greater, 1), "two vast");
    EXPECT_EQ(range(Op::greater_equal, 1), "one one_double two vast");
    EXPECT_EQ(range(Op::greater, "B"), "lower umlaut private_use smile");
    EXPECT_EQ(range(Op::less_equal, "B"), "empty text_1 upper");
    EXPECT_EQ(range(Op::greater, ""), "text_1 upper lower umlaut private_use smile");
    EXPECT_EQ(range(Op::less, true), "false");
    EXPECT_EQ(range(Op::greater_equal, false), "false true");
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "b", .op = Op::greater, .value = -2},
                               {.field = "b", .op = Op::less_equal, .value = 1}},
                    .order = {{.field = "b", .descending = true}}}),
              "one_double one minus");
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "b", .op = Op::greater, .value = 1},
                               {.field = "b", .op = Op::less, .value = "x"}},
                    .order = {{.field = "b"}}}),
              "");
}

TEST_P(StoreContract, OneOrderOverAllKinds) {
    for (auto& write : one_of_each_kind()) apply(write);
    std::string const ascending =
        "missing null minus one one_double two vast empty text_1 upper lower umlaut private_use "
        "smile false true";
    EXPECT_EQ(find({.collection = "things", .order = {{.field = "b"}}}), ascending);
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "a", .value = 1}},
                    .order = {{.field = "b"}}}),
              ascending);
    EXPECT_EQ(find({.collection = "things", .order = {{.field = "b", .descending = true}}}),
              "true false smile private_use umlaut lower upper text_1 empty vast two one_double "
              "one minus null missing");
}

TEST_P(StoreContract, LimitAndSkip) {
    for (auto i = 0; i < 9; ++i)
        apply(Insert{"things", {{"_id", std::to_string(i)}, {"a", i / 3}, {"b", i}}});
    EXPECT_EQ(find({.collection = "things", .limit = 3}), "0 1 2");
    EXPECT_EQ(find({.collection = "things", .limit = 3, .skip = 7}), "7 8");
    EXPECT_EQ(find({.collection = "things", .skip = 9}), "");
    EXPECT_EQ(find({.collection = "things", .order = {{.descending = true}}, .limit = 2}), "8 7");
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "a", .op = Op::in, .value = json::array{0, 2}}},
                    .order = {{.descending = true}},
                    .limit = 2,
                    .skip = 2}),
              "6 2");
    EXPECT_EQ(find({.collection = "things", .filter = {{.field = "_id", .value = "4"}}}), "4");
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "_id", .op = Op::greater, .value = "6"}}}),
              "7 8");
}

TEST_P(StoreContract, InIsASetOfValues) {
    for (auto i = 0; i < 9; ++i)
        apply(Insert{"things", {{"_id", std::to_string(i)}, {"a", i / 3}, {"b", "x"}}});
    apply(Insert{"things", {{"_id", "9"}}});
    auto const in = [&](json::array values) {
        return find({.collection = "things",
                     .filter = {{.field = "a", .op = Op::in, .value = std::move(values)}}});
    };
    EXPECT_EQ(in({}), "");
    EXPECT_EQ(in({2, 0, 2.0, 0, "0", true}), "0 1 2 6 7 8");
    EXPECT_EQ(in({nullptr, 1}), "3 4 5 9");
    EXPECT_EQ(in({"none"}), "");
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "_id", .op = Op::in, .value = json::array{"8", "1", "8"}}},
                    .order = {{.descending = true}}}),
              "8 1");
    EXPECT_EQ(count("things", {{.field = "a", .op = Op::in, .value = json::array{1, 1, 2}}}), 6);
    EXPECT_EQ(count("things", {{.field = "a", .op = Op::in, .value = json::array{0, 1}},
                               {.field = "b", .op = Op::in, .value = json::array{"x", "y"}}}),
              6);
    json::array many;
    for (std::size_t i = 0; i < limits::in_values_max; ++i) many.emplace_back(i);
    EXPECT_EQ(in(many), "0 1 2 3 4 5 6 7 8");
    many.emplace_back(-1);
    EXPECT_WRONG(in(many));
}

TEST_P(StoreContract, Counting) {
    for (auto i = 0; i < 10; ++i)
        apply(Insert{"things", {{"_id", std::to_string(i)}, {"a", i % 2}, {"b", i}}});
    EXPECT_EQ(count("things"), 10);
    EXPECT_EQ(count("things", {{.field = "a", .value = 1}}), 5);
    EXPECT_EQ(count("things",
                    {{.field = "a", .value = 1}, {.field = "b", .op = Op::greater, .value = 5}}),
              2);
    EXPECT_EQ(count("things", {{.field = "b", .op = Op::less, .value = 0}}), 0);
    EXPECT_EQ(count("counters"), 0);
}

TEST_P(StoreContract, ASparseIndexServesOnlyWhatIsInIt) {
    apply(Insert{"things", {{"_id", "with"}, {"c", 1}}}, Insert{"things", {{"_id", "without"}}});
    EXPECT_EQ(find({.collection = "things", .filter = {{.field = "c", .value = 1}}}), "with");
    EXPECT_EQ(find({.collection = "things",
                    .filter = {{.field = "c", .op = Op::greater, .value = 0}},
                    .order = {{.field = "c"}}}),
              "with");
    EXPECT_WRONG(find({.collection = "things", .filter = {{.field = "c", .value = nullptr}}}));
    EXPECT_WRONG(find({.collection = "things", .order = {{.field = "c"}}}));
}

TEST_P(StoreContract, AQueryWithoutAnIndexIsAMistakeThatIsNamed) {
    auto const wrong = [&](Query const& query) { EXPECT_WRONG(find(query)); };
    wrong({.collection = "things", .filter = {{.field = "undeclared", .value = 1}}});
    wrong({.collection = "things",
           .filter = {{.field = "title", .value = "searchable is not indexed"}}});
    wrong({.collection = "things",
           .filter = {{.field = "a", .value = 1}, {.field = "c", .value = 1}}});
    wrong({.collection = "things",
           .filter = {{.field = "a", .value = 1}, {.field = "a", .value = 2}}});
    wrong({.collection = "things",
           .filter = {{.field = "a", .op = Op::less, .value = 1}}});  // and then by _id: a sort
    wrong({.collection = "things",
           .filter = {{.field = "a", .op = Op::less, .value = 1},
                      {.field = "b", .op = Op::less, .value = 1}}});
    wrong({.collection = "things", .order = {{.field = "undeclared"}}});
    wrong({.collection = "things", .order = {{.field = "a"}, {.field = "c"}}});
    wrong({.collection = "things", .order = {{.field = "a"}, {.field = "b", .descending = true}}});
    wrong({.collection = "things",
           .filter = {{.field = "b", .value = 1}},
           .order = {{.field = "a"}}});
    wrong({.collection = "things",
           .filter = {{.field = "a", .op = Op::less, .value = nullptr}},
           .order = {{.field = "a"}}});
    wrong({.collection = "things", .filter = {{.field = "a", .op = Op::in, .value = 1}}});
    wrong({.collection = "things", .filter = {{.field = "a", .value = json::array{1}}}});
    wrong({.collection = "things", .limit = 0});
    wrong({.collection = "things", .limit = limits::find_limit_max + 1});
    wrong({.collection = "things", .skip = limits::page_skip_max + 1});
    wrong({.collection = "things", .after = {"a", "b", "c"}});
    wrong({.collection = "things", .order = {{.field = "a"}}, .after = {1}});
    wrong({.collection = "things", .after = {json::array{}}});
    EXPECT_WRONG(find({.collection = "nowhere"}));
    EXPECT_WRONG(count("nowhere"));
    EXPECT_WRONG(count("things", {{.field = "undeclared", .value = 1}}));
    EXPECT_WRONG(get("nowhere", "a"));
    EXPECT_WRONG(sync(store_->get_many("nowhere", {"a"})));
    try {
        find({.collection = "things",
              .filter = {{.field = "a", .value = "secret"}, {.field = "c", .value = 1}},
              .order = {{.field = "b", .descending = true}}});
        FAIL();
    } catch (std::logic_error const& error) {
        EXPECT_STREQ(
            error.what(),
            "query on \"things\": no declared index serves a = ? and c = ? order by b desc");
    }
}

}  // namespace grover::testing
