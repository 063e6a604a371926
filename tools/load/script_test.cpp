#include "script.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "api.hpp"
#include "check.hpp"

namespace grover::load {
namespace {

Script script_of(std::uint64_t seed) {
    return write_script(generate_graph(60, 4, 1), {.posts_per_person = 3, .seed = seed});
}

TEST(Script, IsTheSameForTheSameSeed) {
    auto const a = script_of(1), b = script_of(1), c = script_of(2);
    EXPECT_EQ(a.names, b.names);
    ASSERT_EQ(a.posts.size(), b.posts.size());
    for (std::size_t i = 0; i < a.posts.size(); ++i)
        EXPECT_EQ(a.posts[i].content, b.posts[i].content);
    EXPECT_NE(a.names, c.names);
}

TEST(Script, FollowsEveryEdgeBothWays) {
    auto const script = script_of(1);
    std::set<std::pair<std::uint32_t, std::uint32_t>> follows;
    for (auto const& [follower, followed] : script.follows) follows.emplace(follower, followed);
    EXPECT_EQ(follows.size(), 2 * script.graph.edges.size());
    for (auto const& [a, b] : script.graph.edges) {
        EXPECT_TRUE(follows.contains({a, b}));
        EXPECT_TRUE(follows.contains({b, a}));
    }
}

TEST(Script, NobodyReactsTwiceOrToWhatTheyMayNotSee) {
    auto const script = script_of(1);
    for (auto const* list : {&script.likes, &script.reactions}) {
        EXPECT_FALSE(list->empty());
        std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
        for (auto const& reaction : *list) {
            EXPECT_TRUE(pairs.emplace(reaction.person, reaction.post).second);
            EXPECT_TRUE(may_see(script, reaction.person, script.posts[reaction.post]));
        }
    }
}

TEST(Script, AFeedIsWhatBruteForceFinds) {
    auto const script = script_of(3);
    for (std::uint32_t person = 0; person < script.graph.people; ++person) {
        auto feed = feed_of(script, person);
        std::ranges::sort(feed);
        std::vector<std::uint32_t> expected;
        for (std::uint32_t i = 0; i < script.posts.size(); ++i) {
            auto const& post = script.posts[i];
            bool const own = post.author == person;
            bool const follows = std::ranges::count(script.neighbours[person], post.author) > 0;
            if (own || (follows && post.audience != Audience::author)) expected.push_back(i);
        }
        EXPECT_EQ(feed, expected);
    }
}

TEST(Script, WithoutPostsThereIsNothingToLike) {
    auto const script = write_script(generate_graph(10, 2, 1), {.posts_per_person = 0});
    EXPECT_TRUE(script.posts.empty());
    EXPECT_TRUE(script.likes.empty());
    EXPECT_TRUE(script.reactions.empty());
}

TEST(NextTarget, FindsTheNextLinkAmongOthers) {
    EXPECT_EQ(next_target(R"(</api/posts?cursor=a>; rel="next")"), "/api/posts?cursor=a");
    EXPECT_EQ(next_target(R"(<http://h:1/a?b>; rel="next")"), "/a?b");
    EXPECT_EQ(next_target(R"(</p>; rel="prev", </n>; rel="next")"), "/n");
    EXPECT_EQ(next_target(R"(</n>; title="x"; rel="next", </p>; rel="prev")"), "/n");
}

TEST(NextTarget, IsEmptyWhereThereIsNone) {
    for (auto const* link : {"", "<", "</a", "</a>", R"(</p>; rel="prev")", R"(; rel="next")"})
        EXPECT_EQ(next_target(link), "") << link;
}

TEST(Difference, IsEmptyForEqualLists) {
    EXPECT_EQ(difference({}, {}), "");
    EXPECT_EQ(difference({"a", "b"}, {"a", "b"}), "");
}

TEST(Difference, NamesWhatIsMissingStrangeTwiceAndOutOfOrder) {
    auto const text = difference({"a", "b", "c"}, {"a", "c", "c", "x"});
    EXPECT_NE(text.find("expected 3 items, found 4"), std::string::npos);
    EXPECT_NE(text.find("missing 1: b"), std::string::npos);
    EXPECT_NE(text.find("not expected 1: x"), std::string::npos);
    EXPECT_NE(text.find("twice 1: c"), std::string::npos);
    EXPECT_NE(text.find("first difference at 1: expected b, found c"), std::string::npos);
    EXPECT_NE(difference({"a"}, {}).find("found the end"), std::string::npos);
}

}  // namespace
}  // namespace grover::load
