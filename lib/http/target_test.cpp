#include "http/target.hpp"

#include <gtest/gtest.h>

namespace grover::http {
namespace {

TEST(AmbiguityOf, LeavesWhatHasOneMeaning) {
    for (auto const* path :
         {"",     "/",         "*",      "/a",     "/a/",        "/a/b.c",  "/.well-known/x",
          "/...", "/a/.b",     "/a/..b", "/a/b..", "/a.",        "/a%20b",  "/%C3%A9",
          "/%ff", "/user%5F1", "/a;b=c", "/a/;x",  "/%2e%2e%2e", "/a%252f", "/~a/$b/@c/!*'()"})
        EXPECT_EQ(ambiguity_of(path), "") << path;
}

TEST(AmbiguityOf, NamesDots) {
    for (auto const* path :
         {"/.", "/..", "/a/..", "/a/../b", "/a/./b", "/./", "/../", "/a/%2e%2e/b", "/a/%2E./b",
          "/a/.%2e", "/%2e", "/a/%2e/", "/a/..;/b", "/a/..;x=1/b", "/a/.%2e;/b", "/a/..%3b/b"})
        EXPECT_EQ(ambiguity_of(path), "the path has a segment of dots") << path;
}

TEST(AmbiguityOf, NamesSeparatorsThatAreNone) {
    for (auto const* path : {"/a%2fb", "/a%2F..%2fb", "/%2f", "/a\\b", "/a%5cb", "/..%5Ca", "/a%00",
                             "/a/..\\b", "/%00"})
        EXPECT_EQ(ambiguity_of(path), "the path has a backslash, or an escaped separator") << path;
    for (auto const* path : {"//", "//a", "/a//b", "/a//", "/a/b///c"})
        EXPECT_EQ(ambiguity_of(path), "the path has an empty segment") << path;
}

TEST(AmbiguityOf, NamesBrokenEscapes) {
    for (auto const* path : {"/%", "/a%2", "/%zz", "/a%2gb", "/%%20", "/a/%u0041", "/%-1"})
        EXPECT_EQ(ambiguity_of(path), "an escape of the path is broken") << path;
}

}  // namespace
}  // namespace grover::http
