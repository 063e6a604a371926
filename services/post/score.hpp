// How explore ranks posts. The formula is published (README): who posts may know it.
//
//     heat  = log2(1 + engagement) + created / half_life
//     engagement = likes + reactions + 2 comments + 3 reposts - 2 dislikes, at least 0
//
// Twice the engagement is worth one half-life (6 hours) of age. Time is added rather than
// subtracted at reading (as Reddit's "hot" does), so a post's heat changes only when somebody
// engages with it, and the order of two posts never changes by waiting. Shares do not count: one
// person can share without end.
#pragma once

#include <chrono>
#include <cstdint>

#include "post/post.hpp"

namespace grover::post {

inline constexpr auto heat_half_life = std::chrono::hours(6);

/// Of 0 and more.
std::int64_t engagement_of(Post const& post);

/// In milliseconds of age: log2(1 + engagement) half-lives later than it was created. A post nobody
/// engaged with has the time it was created.
std::int64_t heat_of(std::int64_t engagement, Timestamp created);

/// What Post::heat must be: absent unless the post is listed and somebody engaged with it.
std::optional<std::int64_t> stored_heat(Post const& post);

}  // namespace grover::post
