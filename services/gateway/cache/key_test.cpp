#include "gateway/cache/key.hpp"

#include <gtest/gtest.h>

namespace grover::gateway::cache {
namespace {

TEST(CacheKey, IsOneForEquivalentUrls) {
    EXPECT_EQ(make_key("http", "Example.ORG:80", "/%7eada/%70osts?q=%c3%a4", {}),
              "http://example.org/~ada/posts?q=%C3%A4");
    EXPECT_EQ(make_key("https", "example.org:443", "/a", {}), "https://example.org/a");
    EXPECT_EQ(make_key("http", "example.org:443", "/a", {}), "http://example.org:443/a");
}

TEST(CacheKey, IsAnotherForWhatAServiceMayTellApart) {
    auto const key = [](std::string_view target) { return make_key("http", "x", target, {}); };
    EXPECT_NE(key("/a"), key("/a/"));
    EXPECT_NE(key("/a"), key("/A"));
    EXPECT_NE(key("/a"), key("/a?"));
    EXPECT_NE(key("/a?x=1&y=2"), key("/a?y=2&x=1"));
    EXPECT_NE(key("/a%2Fb"), key("/a/b"));
    EXPECT_NE(key("/a/../b"), key("/b"));
    EXPECT_NE(make_key("http", "x", "/a", {}), make_key("https", "x", "/a", {}));
    EXPECT_NE(make_key("http", "x", "/a", {}), make_key("http", "y", "/a", {}));
}

TEST(CacheKey, LeavesBrokenEncodingsAlone) {
    for (auto const* target : {"/%", "/%4", "/%zz", "/a%%41", "/%4g"})
        EXPECT_NE(make_key("http", "x", target, {}).find('%'), std::string::npos) << target;
    EXPECT_EQ(make_key("http", "x", "/a%%41", {}), "http://x/a%A");
}

TEST(CacheKey, HasOnlyTheParametersThatCount) {
    std::vector<std::string> const query{"page", "tag"};
    EXPECT_EQ(make_key("http", "x", "/a?utm=1&tag=b&page=2&tag=a", query),
              "http://x/a?page=2&tag=b&tag=a");
    EXPECT_EQ(make_key("http", "x", "/a?utm=1", query), make_key("http", "x", "/a", query));
    EXPECT_EQ(make_key("http", "x", "/a?pages=1&page", query), "http://x/a?page");
    EXPECT_EQ(keyed_target("/a?utm=1&page=2&x", query), "/a?page=2");
    EXPECT_EQ(keyed_target("/a?utm=1", {}), "/a?utm=1");
}

TEST(CacheKey, FollowsLocationsOfTheSameOrigin) {
    std::string const key = make_key("http", "x", "/a/b?c=1", {});
    EXPECT_EQ(related_key(key, "/d", {}), "http://x/d");
    EXPECT_EQ(related_key(key, "http://X:80/d?e=1#part", {}), "http://x/d?e=1");
    EXPECT_EQ(related_key(key, "HTTP://x", {}), "http://x/");
    EXPECT_EQ(related_key(key, "e", {}), "http://x/a/e");
    EXPECT_EQ(related_key(key, "#part", {}), "");
}

TEST(CacheKey, FollowsNoLocationElsewhere) {
    std::string const key = make_key("http", "x", "/a", {});
    for (auto const* location : {"http://y/a", "https://x/a", "//y/a", "//x/a", "http://x.y/a",
                                 "http://x:81/a", "http://x@y/a", "javascript://x/a", ""})
        EXPECT_EQ(related_key(key, location, {}), "") << location;
}

TEST(CacheKey, OfAUrl) {
    EXPECT_EQ(key_of_url("http://Example.org:80/a?b=%7E"), "http://example.org/a?b=~");
    EXPECT_EQ(key_of_url("https://example.org"), "https://example.org/");
    for (auto const* bad :
         {"", "example.org/a", "/a", "http://", "http:///a", "ftp://a/b", "://a/"})
        EXPECT_EQ(key_of_url(bad), "") << bad;
}

TEST(CacheKey, IsOfItsWay) {
    EXPECT_EQ(with_apart("http://x/a", ""), "http://x/a");
    auto const apart = with_apart("http://x/a?b=1", "@next");
    EXPECT_EQ(apart, "@next http://x/a?b=1");
    Spellings const spellings{.queries = {{}, {"b"}}, .aparts = {"", "@next"}};
    auto const keys = keys_of("http://x/a?b=1&c=2", spellings);
    EXPECT_EQ(keys.size(), 4u);
    EXPECT_NE(std::ranges::find(keys, apart), keys.end());
}

}  // namespace
}  // namespace grover::gateway::cache
