#include "user/pair.hpp"

#include <gtest/gtest.h>

namespace grover::user {
namespace {

constexpr Timestamp now{1'000};

struct PairTest : ::testing::Test {
    UserId ann = UserId::trusted("user_ann");
    UserId bob = UserId::trusted("user_bob");
    Pair pair = Pair::between(ann, bob);

    /// The same pair as the other one sees it.
    static Pair turned(Pair const& of) { return {.forward = of.backward, .backward = of.forward}; }

    /// Checks a change against the counters it must cause, both ways round.
    static void expect_counters(Pair const& before, Pair const& after, std::int64_t following,
                                std::int64_t followers) {
        auto const change = counter_change(before, after);
        EXPECT_EQ(change.actor_following, following);
        EXPECT_EQ(change.target_followers, following);
        EXPECT_EQ(change.actor_followers, followers);
        EXPECT_EQ(change.target_following, followers);
        auto const other = counter_change(turned(before), turned(after));
        EXPECT_EQ(other.actor_following, followers);
        EXPECT_EQ(other.actor_followers, following);
    }
};

TEST_F(PairTest, BeginsWithNothing) {
    EXPECT_EQ(pair.forward.edge_id, "user_ann:user_bob");
    EXPECT_EQ(pair.backward.edge_id, "user_bob:user_ann");
    EXPECT_TRUE(says_nothing(pair.forward));
    EXPECT_FALSE(pair.blocked());
}

TEST_F(PairTest, FollowIsOnce) {
    auto const before = pair;
    EXPECT_EQ(follow(pair, false, now), FollowStatus::followed);
    expect_counters(before, pair, 1, 0);
    auto const once = pair;
    EXPECT_EQ(follow(pair, false, now + std::chrono::seconds(1)), FollowStatus::already_following);
    EXPECT_EQ(pair, once);
    EXPECT_EQ(unfollow(pair), FollowStatus::unfollowed);
    expect_counters(once, pair, -1, 0);
    EXPECT_EQ(unfollow(pair), FollowStatus::not_following);
    EXPECT_EQ(pair, before);
}

TEST_F(PairTest, FollowOfPrivateAsks) {
    auto const before = pair;
    EXPECT_EQ(follow(pair, true, now), FollowStatus::requested);
    expect_counters(before, pair, 0, 0);
    EXPECT_FALSE(changes_view(before, pair));
    EXPECT_EQ(follow(pair, true, now), FollowStatus::requested);
    auto const asked = pair;
    EXPECT_TRUE(accept(pair, now));
    EXPECT_FALSE(pair.forward.requested_at);
    expect_counters(asked, pair, 1, 0);
    EXPECT_TRUE(changes_view(asked, pair));
    EXPECT_FALSE(accept(pair, now));
    EXPECT_FALSE(reject(pair));
    EXPECT_EQ(follow(pair, true, now), FollowStatus::already_following);
}

TEST_F(PairTest, RequestIsRejectedOrTakenBack) {
    follow(pair, true, now);
    EXPECT_TRUE(reject(pair));
    EXPECT_TRUE(says_nothing(pair.forward));
    EXPECT_FALSE(reject(pair));
    follow(pair, true, now);
    EXPECT_EQ(unfollow(pair), FollowStatus::unfollowed);
    EXPECT_TRUE(says_nothing(pair.forward));
}

TEST_F(PairTest, FollowOfOneWhoWentPublicEndsTheRequest) {
    follow(pair, true, now);
    EXPECT_EQ(follow(pair, false, now), FollowStatus::followed);
    EXPECT_FALSE(pair.forward.requested_at);
}

TEST_F(PairTest, BlockPartsBoth) {
    follow(pair, false, now);
    auto other = turned(pair);
    follow(other, true, now);
    pair = turned(other);
    auto const before = pair;
    EXPECT_TRUE(block(pair, now));
    EXPECT_TRUE(pair.blocked());
    EXPECT_TRUE(turned(pair).blocked());
    EXPECT_FALSE(pair.forward.followed_at);
    EXPECT_TRUE(says_nothing(pair.backward));
    expect_counters(before, pair, -1, 0);
    EXPECT_FALSE(block(pair, now));
    EXPECT_TRUE(unblock(pair));
    EXPECT_FALSE(unblock(pair));
    EXPECT_EQ(pair, Pair::between(ann, bob));
}

TEST_F(PairTest, BlockOfMutualFollowersTakesFourCounts) {
    follow(pair, false, now);
    auto other = turned(pair);
    follow(other, false, now);
    pair = turned(other);
    auto const before = pair;
    block(pair, now);
    expect_counters(before, pair, -1, -1);
}

TEST_F(PairTest, TwoBlocksAreTwo) {
    block(pair, now);
    auto other = turned(pair);
    EXPECT_TRUE(block(other, now));
    EXPECT_TRUE(unblock(other));
    EXPECT_TRUE(other.blocked());
}

TEST_F(PairTest, MuteChangesNothingElse) {
    follow(pair, false, now);
    auto const before = pair;
    EXPECT_TRUE(mute(pair, now));
    EXPECT_FALSE(mute(pair, now));
    EXPECT_TRUE(pair.forward.followed_at);
    expect_counters(before, pair, 0, 0);
    EXPECT_TRUE(changes_view(before, pair));
    EXPECT_EQ(unfollow(pair), FollowStatus::unfollowed);
    EXPECT_TRUE(pair.forward.muted_at);
    EXPECT_TRUE(unmute(pair));
    EXPECT_FALSE(unmute(pair));
    EXPECT_TRUE(says_nothing(pair.forward));
}

}  // namespace
}  // namespace grover::user
