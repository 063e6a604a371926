#include "post/trends.hpp"

#include <gtest/gtest.h>

namespace grover::post {
namespace {

using namespace std::chrono_literals;

Timestamp const now{1'800'000'000'000};

TagUse use(std::string tag, std::string user, std::chrono::milliseconds age) {
    return {std::move(tag), UserId::trusted(std::move(user)), now - age};
}

TEST(Trends, count_people_and_not_posts) {
    std::vector<TagUse> uses;
    for (int i = 0; i < 100; ++i) uses.push_back(use("spam", "user_a", 0ms));
    uses.push_back(use("news", "user_a", 0ms));
    uses.push_back(use("news", "user_b", 0ms));
    auto const tags = trending(uses, now);
    ASSERT_EQ(tags.size(), 2u);
    EXPECT_EQ(tags[0].tag, "news");
    EXPECT_EQ(tags[0].authors_count, 2);
    EXPECT_EQ(tags[1].score, 1);
    EXPECT_EQ(tags[1].posts_count, 100);
}

TEST(Trends, halve_every_six_hours_from_an_authors_last_post) {
    auto const tags = trending({use("a", "user_a", 6h), use("a", "user_a", 20h),
                                use("b", "user_a", 12h), use("b", "user_b", 12h)},
                               now);
    EXPECT_EQ(tags[0].score, 0.5);
    EXPECT_EQ(tags[1].score, 0.5);
    EXPECT_EQ(tags[0].tag, "a");  // equal scores by name
}

TEST(Trends, a_post_from_the_future_counts_as_one_of_now) {
    EXPECT_EQ(trending({use("a", "user_a", -5h)}, now)[0].score, 1);
}

TEST(Trends, are_bounded) {
    EXPECT_TRUE(trending({}, now).empty());
    std::vector<TagUse> uses;
    for (int i = 0; i < 1'000; ++i) uses.push_back(use("t" + std::to_string(i), "user_a", 1h));
    EXPECT_EQ(trending(uses, now).size(), Trends::tags_shown_max);
}

}  // namespace
}  // namespace grover::post
