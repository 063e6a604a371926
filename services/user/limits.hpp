// The limits of this service; those of the house are in base/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace grover::user::limits {

using namespace std::chrono_literals;

// Sign-in.
inline constexpr auto session_lifetime = std::chrono::milliseconds(7 * 24h);
inline constexpr std::size_t sessions_per_user_max = 100;  // then the oldest is revoked
inline constexpr auto last_seen_precision = std::chrono::milliseconds(1min);
inline constexpr std::size_t last_seen_pending_max =
    10'000;                                        // touches kept in memory until written
inline constexpr int passwords_in_work_max = 512;  // hashing or waiting for it; above: 503
inline constexpr auto revocation_retention = std::chrono::milliseconds(1h);
inline constexpr auto revocation_overlap = std::chrono::milliseconds(5s);

// Relations. A user may do each to so many.
inline constexpr std::int64_t follows_max = 10'000;
inline constexpr std::int64_t requests_max = 1'000;
inline constexpr std::int64_t blocks_max = 10'000;
inline constexpr std::int64_t mutes_max = 10'000;

// Suggestions: of how many followed, how many of their follows each are looked at.
inline constexpr std::size_t suggestion_friends_max = 40;
inline constexpr std::size_t suggestion_follows_max = 50;
inline constexpr std::size_t suggestion_popular_max = 60;
inline constexpr std::size_t suggestions_shown_max = 10;

// Background work and whole copies.
inline constexpr std::size_t departure_edges_per_batch = 200;
inline constexpr std::size_t departure_batches_per_turn = 25;
inline constexpr std::size_t cards_max = 1'000;

inline constexpr std::size_t search_words_max = 8;
inline constexpr std::size_t search_query_max = 200;

// A commit that lost a race is tried again.
inline constexpr int commit_attempts_max = 16;

}  // namespace grover::user::limits
