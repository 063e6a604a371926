#include "post/score.hpp"

#include <algorithm>
#include <cmath>

namespace grover::post {

std::int64_t engagement_of(Post const& post) {
    std::int64_t reactions = 0;
    for (auto const& [kind, count] : post.reaction_counts) reactions += count;
    auto const sum = post.likes_count + reactions + 2 * post.comments_count +
                     3 * post.repost_count - 2 * post.dislikes_count;
    return std::max<std::int64_t>(sum, 0);
}

std::int64_t heat_of(std::int64_t engagement, Timestamp created) {
    auto const half_life = static_cast<double>(std::chrono::milliseconds(heat_half_life).count());
    auto const bonus = std::log2(1 + static_cast<double>(engagement)) * half_life;
    return created.ms + static_cast<std::int64_t>(bonus);
}

std::optional<std::int64_t> stored_heat(Post const& post) {
    auto const engagement = engagement_of(post);
    if (!post.listed() || engagement == 0) return {};
    return heat_of(engagement, post.created_at);
}

}  // namespace grover::post
