// Whom somebody might want to follow: those followed by those whom they follow. Pure functions;
// DiscoverApi reads the samples.
//
// Rank: Adamic and Adar, "Friends and neighbors on the web" (2003): each friend in common counts
// 1 / log(how many that friend follows), so a friend who follows few says more than one who follows
// everybody.
#pragma once

#include <vector>

#include "user/user.hpp"

namespace grover::user {

/// One whom the person follows, and a sample of whom that one follows.
struct FriendSample {
    std::int64_t following_count = 0;
    std::vector<UserId> follows;
};

struct Candidate {
    UserId user_id;
    std::int64_t mutual = 0;  // friends of the sample who follow the candidate
    double score = 0;
};

/// Best first; ties by id, so that the answer is repeatable.
std::vector<Candidate> rank_candidates(std::vector<FriendSample> const& friends);

}  // namespace grover::user
