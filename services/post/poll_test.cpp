#include "post/poll.hpp"

#include <gtest/gtest.h>

namespace grover::post {
namespace {

Timestamp const now{1'800'000'000'000};

Post poll() {
    Post post;
    post.has_poll = true;
    post.poll_options = {"a", "b", "c"};
    post.poll_expires_at = now + std::chrono::milliseconds(1);
    return post;
}

int refusal(Post post, std::int64_t option, Timestamp when = now) {
    try {
        Engagement mine;
        cast_vote(post, mine, option, when);
        return 0;
    } catch (Error const& error) {
        EXPECT_TRUE(post.poll_votes.empty());
        return error.status();
    }
}

TEST(Poll, a_vote_counts_once_and_can_change) {
    auto post = poll();
    Engagement mine;
    EXPECT_TRUE(cast_vote(post, mine, 0, now));
    EXPECT_FALSE(cast_vote(post, mine, 0, now));
    EXPECT_EQ(post.poll_votes, (Counts{{"0", 1}}));
    EXPECT_TRUE(cast_vote(post, mine, 2, now));
    EXPECT_EQ(post.poll_votes, (Counts{{"0", 0}, {"2", 1}}));
    EXPECT_EQ(mine.vote, 2);
}

TEST(Poll, refuses_votes_that_cannot_be) {
    for (std::int64_t const option : {-1l, 3l, 100l, INT64_MIN, INT64_MAX})
        EXPECT_EQ(refusal(poll(), option), 422) << option;
    EXPECT_EQ(refusal(Post(), 0), 409);
    EXPECT_EQ(refusal(poll(), 0, *poll().poll_expires_at), 409);
    EXPECT_EQ(refusal(poll(), 0, now + std::chrono::hours(1)), 409);
}

TEST(Poll, results_add_up) {
    auto post = poll();
    post.poll_votes = {{"0", 1}, {"2", 2}};
    auto const results = results_of(post, 2);
    EXPECT_EQ(results.total_votes, 3);
    EXPECT_EQ(results.results[0].percentage, 33.3);
    EXPECT_EQ(results.results[1].votes, 0);
    EXPECT_EQ(results.results[2].percentage, 66.7);
    EXPECT_TRUE(results.user_voted);
    EXPECT_EQ(results.user_vote_index, 2);
}

TEST(Poll, without_votes_everything_is_zero) {
    auto const results = results_of(poll(), {});
    EXPECT_EQ(results.total_votes, 0);
    EXPECT_FALSE(results.user_voted);
    for (auto const& result : results.results) EXPECT_EQ(result.percentage, 0);
    EXPECT_THROW(results_of(Post(), {}), Error);
}

}  // namespace
}  // namespace grover::post
