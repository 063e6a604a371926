#include "gateway/transform/transform.hpp"

#include <gtest/gtest.h>

#include "gateway/transform/json_changes.hpp"

namespace grover::gateway {
namespace {

std::string changed(JsonChanges const& changes, std::string_view document) {
    auto value = boost::json::parse(document);
    apply(changes, value);
    return boost::json::serialize(value);
}

TEST(JsonChanges, RenamesRemovesAndSetsByPointer) {
    EXPECT_EQ(changed({.rename = {{"/a", "/b"}}, .remove = {"/c/0"}, .set = {{"/d/e", 1}}},
                      R"({"a":1,"c":[1,2],"d":{}})"),
              R"({"b":1,"c":[2],"d":{"e":1}})");
    EXPECT_EQ(changed({.rename = {}, .remove = {"/a~1b", "/~0"}, .set = {}}, R"({"a/b":1,"~":2})"),
              "{}");
    EXPECT_EQ(changed({.rename = {}, .remove = {}, .set = {{"/l/-", "x"}, {"/l/0", "y"}}},
                      R"({"l":[1]})"),
              R"({"l":["y","x"]})");
}

TEST(JsonChanges, WhatIsNotThereChangesNothing) {
    for (auto const* pointer : {"/x", "/a/b", "/l/7", "/l/x", "/l/-", "/x/y", "/"})
        EXPECT_EQ(changed({.rename = {{pointer, "/n"}}, .remove = {pointer}, .set = {}},
                          R"({"a":1,"l":[1]})"),
                  R"({"a":1,"l":[1]})")
            << pointer;
    EXPECT_EQ(
        changed({.rename = {{"/a", "/no/way"}}, .remove = {}, .set = {{"/a/b", 1}}}, R"({"a":1})"),
        R"({"a":1})");
    EXPECT_EQ(changed({.rename = {}, .remove = {"/a"}, .set = {{"/b", 1}}}, "7"), "7");
}

std::string renamed(std::map<std::string, std::string> names, std::string_view document) {
    return changed({.rename = std::move(names), .remove = {}, .set = {}}, document);
}

TEST(JsonChanges, ARenameThatDoesNotApplyLeavesListsAsTheyWere) {
    for (auto const* document : {R"({"list":[1,2,3]})", R"({"list":[1]})", R"({"list":[[1],{}]})"})
        for (auto const* to : {"/nope/x", "/list/7", "/list/0/x/y", "/list/x", "/list/00"})
            EXPECT_EQ(renamed({{"/list/0", to}}, document), document) << to;
}

TEST(JsonChanges, RenamesTakeAllValuesFromTheDocumentAsItCame) {
    EXPECT_EQ(renamed({{"/b", "/a"}, {"/a", "/b"}}, R"({"a":1,"b":2})"), R"({"a":2,"b":1})");
    EXPECT_EQ(renamed({{"/a", "/b"}, {"/b", "/c"}, {"/c", "/a"}}, R"({"a":1,"b":2,"c":3})"),
              R"({"a":3,"b":1,"c":2})");
    EXPECT_EQ(renamed({{"/l/0", "/l/1"}, {"/l/1", "/l/0"}}, R"({"l":[1,2]})"), R"({"l":[2,1]})");
    EXPECT_EQ(renamed({{"/l/0", "/x"}, {"/l/2", "/y"}, {"/l/10", "/z"}},
                      R"({"l":[0,1,2,3,4,5,6,7,8,9,10,11]})"),
              R"({"l":[1,3,4,5,6,7,8,9,11],"x":0,"z":10,"y":2})");
    EXPECT_EQ(renamed({{"/l/0", "/l/-"}}, R"({"l":[1,2,3]})"), R"({"l":[2,3,1]})");
    EXPECT_EQ(renamed({{"/l/0", "/l/1"}}, R"({"l":[1,2,3]})"), R"({"l":[1,3]})");  // overwritten
    EXPECT_EQ(renamed({{"/a", "/a"}}, R"({"a":1})"), R"({"a":1})");
    EXPECT_EQ(renamed({{"/a", "/c"}, {"/b", "/c"}}, R"({"a":1,"b":2})"), R"({"c":2})");
    EXPECT_EQ(renamed({{"/a", "/c"}, {"/b", "/c"}}, R"({"a":1})"), R"({"c":1})");
}

TEST(JsonChanges, RenamesOfAValueAndOfOneWithinIt) {
    EXPECT_EQ(renamed({{"/user", "/profile"}, {"/user/name", "/name"}},
                      R"({"user":{"name":"a","age":1}})"),
              R"({"name":"a","profile":{"age":1}})");
    EXPECT_EQ(renamed({{"/l", "/m"}, {"/l/0", "/x"}, {"/l/1", "/y"}}, R"({"l":[1,2,3]})"),
              R"({"y":2,"m":[3],"x":1})");
    // What is put over a list does not lose the elements that went out of it.
    EXPECT_EQ(renamed({{"/l/0", "/x"}, {"/n", "/l"}}, R"({"l":[1,2],"n":[3,4]})"),
              R"({"l":[3,4],"x":1})");
}

TEST(JsonChanges, NoValueGoesWhereItWouldBeLost) {
    auto const* const document = R"({"a":{"x":1},"b":{"y":2}})";
    EXPECT_EQ(renamed({{"/a", "/a/b"}}, document), document);
    EXPECT_EQ(renamed({{"/a", "/b/x"}, {"/b", "/a/y"}}, document), document);
    // Into a value that goes away, or that another is put over.
    EXPECT_EQ(renamed({{"/a", "/c"}, {"/b", "/a/n"}}, document), R"({"c":{"x":1},"b":{"y":2}})");
    EXPECT_EQ(renamed({{"/a", "/b"}, {"/a/x", "/b/x"}}, document), R"({"b":{"x":1}})");
    EXPECT_EQ(renamed({{"/x", "/a/b"}}, "[1]"), "[1]");
    EXPECT_EQ(renamed({{"/0", "/-"}}, "[1,2]"), "[2,1]");
}

TEST(JsonChanges, ALeadingZeroNamesAMemberButNoElement) {
    for (auto const* pointer : {"/l/01", "/l/00", "/l/01/x", "/l/+1", "/l/ 1"}) {
        EXPECT_EQ(changed({.rename = {{pointer, "/n"}}, .remove = {pointer}, .set = {{pointer, 7}}},
                          R"({"l":[1,{"x":2}]})"),
                  R"({"l":[1,{"x":2}]})")
            << pointer;
    }
    EXPECT_EQ(changed({.rename = {{"/m/02", "/n"}}, .remove = {"/m/01"}, .set = {{"/m/00", 7}}},
                      R"({"m":{"01":1,"02":2}})"),
              R"({"m":{"00":7},"n":2})");
}

TEST(Edits, RewritePathAndQuery) {
    RequestChanges changes;
    changes.path = "/v2/posts/{id}{**}";
    changes.query = {.set = {{"limit", "5 0"}}, .remove = {"debug"}};
    changes.fields = {
        .add = {{"X-A", "1"}}, .set = {{"X-B", "{id}, {x} {\"a\":1}"}}, .remove = {"X-C"}};
    auto const* path = "/api/posts/p%201/x/";
    auto const parameters = bind_path("/api/posts/{id}/**", path);
    ASSERT_TRUE(parameters);
    auto const edits = edits_of(changes, {}, *parameters, path, "a=1&limit=9&debug&b=%20");
    EXPECT_EQ(edits.target, "/v2/posts/p%201/x/?a=1&b=%20&limit=5%200");
    EXPECT_EQ(edits.more, "X-B: p%201, {x} {\"a\":1}\r\nX-A: 1\r\n");
    EXPECT_FALSE(edits.passes("x-b"));
    EXPECT_FALSE(edits.passes("X-C"));
    EXPECT_TRUE(edits.passes("X-D"));
    EXPECT_EQ(edits_of({}, {}, {}, "/api/x", "a=1").target, "");
}

TEST(Edits, RefuseWhatBelongsToTheGateway) {
    for (auto const* name : {"Content-Length", "transfer-encoding", "Host", "X-Grover-Identity",
                             "bad name", "", "X-Request-ID"}) {
        config::Problems problems("f");
        validate(FieldChanges{.add = {}, .set = {{name, "x"}}, .remove = {}},
                 config::Where({}, problems));
        EXPECT_FALSE(problems.empty()) << name;
    }
    config::Problems problems("f");
    validate(FieldChanges{.add = {{"X-A", "a\r\nb: c"}}, .set = {}, .remove = {}},
             config::Where({}, problems));
    EXPECT_FALSE(problems.empty());
}

TEST(PathTemplate, BindsTheNamesOfAPattern) {
    auto const found = bind_path("/a/{x}/b/**", "/a/1/b/c/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (Parameters{{"x", "1"}, {"**", "/c/d"}}));
    EXPECT_EQ(bind_path("/a/{x}", "/a/1/"), (Parameters{{"x", "1"}}));
    for (auto const* path : {"", "/", "/a", "/b/1", "/a/1/2"})
        EXPECT_FALSE(bind_path("/a/{x}", path)) << path;
    EXPECT_EQ(fill("/{a}/{b", [](auto) { return std::string("v"); }), "/v/{b");
}

}  // namespace
}  // namespace grover::gateway
