// The rules of polls: one vote each, changeable until the poll ends, counted exactly.
#pragma once

#include "post/engagement.hpp"

namespace grover::post {

struct PollResult {
    std::string option;
    std::int64_t votes = 0;
    double percentage = 0;  // of all votes, one decimal
};
BOOST_DESCRIBE_STRUCT(PollResult, (), (option, votes, percentage))

struct PollResults {
    std::vector<PollResult> results;
    std::int64_t total_votes = 0;
    bool user_voted = false;
    std::optional<std::int64_t> user_vote_index;
    std::optional<Timestamp> expires_at;
};
BOOST_DESCRIBE_STRUCT(PollResults, (),
                      (results, total_votes, user_voted, user_vote_index, expires_at))

/// Casts or changes a vote; false when it is the same again. Throws Error: 409 for a post without
/// a poll and for one that has ended, 422 for an option that is not there.
bool cast_vote(Post& post, Engagement& mine, std::int64_t option, Timestamp now);

/// Percentages of all votes, to one decimal; all 0 while nobody has voted. Throws Error (not_found)
/// for a post without a poll.
PollResults results_of(Post const& post, std::optional<std::int64_t> mine);

}  // namespace grover::post
