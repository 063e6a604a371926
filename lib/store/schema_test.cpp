#include "store/schema.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "store/open.hpp"

namespace grover::store {

namespace {

CollectionSpec things(std::vector<Index> indexes, ShardKey key) {
    return {.name = "things", .indexes = std::move(indexes), .shard_key = std::move(key)};
}

using Fields = std::vector<std::string>;

}  // namespace

TEST(ShardKeys, AreTheShortestIndexThatBeginsWithTheField) {
    EXPECT_EQ(shard_fields(things({{.fields = {"a", "b"}}, {.fields = {"b"}}}, {.field = "a"})),
              (Fields{"a", "b", "_id"}));
    EXPECT_EQ(shard_fields(things({{.fields = {"a", "b"}}, {.fields = {"a"}}}, {.field = "a"})),
              (Fields{"a", "_id"}));
    EXPECT_EQ(shard_fields(things({}, {.field = "_id"})), Fields{"_id"});
    EXPECT_TRUE(shard_fields({.name = "things", .indexes = {{.fields = {"a"}}}}).empty());
}

TEST(ShardKeys, NeedAnIndexThatHoldsEveryDocument) {
    for (auto const& spec :
         {things({}, {.field = "a"}), things({{.fields = {"b", "a"}}}, {.field = "a"}),
          things({{.fields = {"a"}, .sparse = true}}, {.field = "a"})})
        EXPECT_THROW(check({{spec}}), std::logic_error);
    EXPECT_NO_THROW(check({{things({{.fields = {"a"}}}, {.field = "a"})}}));
}

TEST(ShardKeys, DoNotGoWithAUniqueIndexOfOtherFields) {
    Index const email{.fields = {"email"}, .unique = true};
    EXPECT_THROW(check({{things({email}, {.field = "_id"})}}), std::logic_error);
    EXPECT_THROW(check({{things({{.fields = {"a"}}, email}, {.field = "a"})}}), std::logic_error);
    EXPECT_NO_THROW(check({{things({{.fields = {"a"}}, {.fields = {"a", "number"}, .unique = true}},
                                   {.field = "a"})}}));
}

TEST(ShardKeys, AreCommandsForAnOperator) {
    Schema const schema{{things({{.fields = {"a"}}}, {.field = "a"}),
                         {.name = "names", .shard_key = {{.field = "_id"}}},
                         {.name = "whole"}}};
    EXPECT_EQ(shard_commands({.folder = "", .database = "db"}, schema),
              "sh.shardCollection(\"db.things\", { a: 1, _id: 1 })\n"
              "sh.shardCollection(\"db.names\", { _id: \"hashed\" })\n"
              "// db.whole stays whole\n");
}

}  // namespace grover::store
