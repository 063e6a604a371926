#include "user/suggestions.hpp"

#include <gtest/gtest.h>

namespace grover::user {
namespace {

UserId id(char const* name) {
    return UserId::trusted(name);
}

TEST(Suggestions, CountFriendsInCommon) {
    auto const ranked = rank_candidates({{.following_count = 10, .follows = {id("a"), id("b")}},
                                         {.following_count = 10, .follows = {id("b")}},
                                         {.following_count = 10, .follows = {id("c")}}});
    ASSERT_EQ(ranked.size(), 3u);
    EXPECT_EQ(ranked[0].user_id, id("b"));
    EXPECT_EQ(ranked[0].mutual, 2);
    EXPECT_EQ(ranked[1].user_id, id("a"));  // Ties by id.
    EXPECT_EQ(ranked[2].user_id, id("c"));
}

TEST(Suggestions, FriendWhoFollowsFewSaysMore) {
    auto const ranked = rank_candidates({{.following_count = 5'000, .follows = {id("far")}},
                                         {.following_count = 5'000, .follows = {id("far")}},
                                         {.following_count = 3, .follows = {id("near")}}});
    ASSERT_EQ(ranked.size(), 2u);
    EXPECT_EQ(ranked[0].user_id, id("near"));
    EXPECT_EQ(ranked[1].mutual, 2);
}

TEST(Suggestions, OddSamplesDoNoHarm) {
    EXPECT_TRUE(rank_candidates({}).empty());
    EXPECT_TRUE(rank_candidates({{.following_count = 0, .follows = {}}}).empty());
    // A count that lags behind: no division by log 1 or log 0.
    auto const ranked = rank_candidates({{.following_count = -3, .follows = {id("a")}},
                                         {.following_count = 1, .follows = {id("a")}}});
    EXPECT_EQ(ranked[0].mutual, 2);
    EXPECT_GT(ranked[0].score, 0);
}

}  // namespace
}  // namespace grover::user
