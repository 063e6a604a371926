#include "testing/store_contract.hpp"

namespace grover::testing {

using namespace store;

void contract::keys() {}

namespace {

Insert person(std::string id, json::value email, json::value team = nullptr,
              json::value number = nullptr) {
    // (team, number) is unique also where it is missing: give everybody one.
    if (team.is_null()) team = "team of " + id;
    return {"people", {{"_id", id}, {"email", email}, {"team", team}, {"number", number}}};
}

}  // namespace

TEST_P(StoreContract, AUniqueKeyIsThereOnce) {
    apply(person("p1", "a@x"), person("p2", "b@x"));
    EXPECT_EQ(describe(commit_all(person("p3", "a@x"))), "exists 0");
    EXPECT_EQ(describe(commit_all(person("p3", "c@x"), person("p4", "c@x"))), "exists 1");
    EXPECT_FALSE(get("people", "p3"));
    auto const upsert = person("p2", "a@x");
    EXPECT_EQ(describe(commit_all(Upsert{"people", upsert.body})), "exists 0");
    EXPECT_EQ(describe(commit_all(Replace{"people", upsert.body})), "exists 0");
    EXPECT_EQ(
        describe(commit_all(Patch{.collection = "people", .id = "p2", .set = {{"email", "a@x"}}})),
        "exists 0");
    EXPECT_EQ(get("people", "p2")->body.at("email"), "b@x");
    EXPECT_EQ(get("people", "p2")->version, 1);
    apply(person("p5", "A@X"));  // other bytes, another key
}

TEST_P(StoreContract, AUniqueKeyIsFreeAgainOnceItsDocumentLetsGo) {
    apply(person("p1", "a@x"), person("p2", "b@x"));
    apply(Patch{.collection = "people", .id = "p1", .set = {{"email", "c@x"}}},
          Patch{.collection = "people", .id = "p2", .set = {{"email", "a@x"}}});
    apply(Remove{.collection = "people", .id = "p2"}, person("p3", "a@x"));
    apply(person("p4", "b@x"));
    apply(Replace{"people", person("p4", "b@x", "other").body});  // its own key is no other's
}

TEST_P(StoreContract, ASparseKeyMayBeMissing) {
    apply(person("p1", nullptr), person("p2", nullptr));
    apply(Insert{"people", {{"_id", "p3"}, {"team", "t3"}}});
    apply(Insert{"people", {{"_id", "p4"}, {"team", "t4"}}});
    apply(Patch{.collection = "people", .id = "p4", .set = {{"email", "a@x"}}});
    EXPECT_EQ(describe(commit_all(person("p5", "a@x"))), "exists 0");
    apply(Patch{.collection = "people", .id = "p4", .set = {{"email", nullptr}}});
    apply(person("p5", "a@x"));
    EXPECT_EQ(find({.collection = "people", .filter = {{.field = "email", .value = "a@x"}}}), "p5");
}

TEST_P(StoreContract, MissingIsAValueToAUniqueKeyThatIsNotSparse) {
    apply(person("p1", nullptr, "red", 1), person("p2", nullptr, "red", 2),
          person("p3", nullptr, "blue", 1));
    EXPECT_EQ(describe(commit_all(person("p4", nullptr, "red", 1))), "exists 0");
    EXPECT_EQ(describe(commit_all(person("p4", nullptr, "red", 1.0))), "exists 0");
    apply(person("p4", nullptr, "red", "1"), person("p5", nullptr, "red", true));
    apply(person("p6", nullptr, "red", nullptr));
    EXPECT_EQ(describe(commit_all(person("p7", nullptr, "red", nullptr))), "exists 0");
    EXPECT_EQ(describe(commit_all(Insert{"people", {{"_id", "p7"}, {"team", "red"}}})), "exists 0");
    apply(Insert{"people", {{"_id", "p8"}}});
    EXPECT_EQ(describe(commit_all(Insert{"people", {{"_id", "p9"}, {"number", nullptr}}})),
              "exists 0");
    EXPECT_EQ(find({.collection = "people",
                    .filter = {{.field = "team", .value = "red"},
                               {.field = "number", .value = nullptr}}}),
              "p6");
}

TEST_P(StoreContract, KeysSurviveReopening) {
    apply(person("p1", "a@x"));
    reopen();
    EXPECT_EQ(describe(commit_all(person("p2", "a@x"))), "exists 0");
}

}  // namespace grover::testing
