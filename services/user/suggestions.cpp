#include "user/suggestions.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace grover::user {

std::vector<Candidate> rank_candidates(std::vector<FriendSample> const& friends) {
    std::unordered_map<UserId, Candidate> found;
    for (auto const& one : friends) {
        auto const follows = std::max<std::int64_t>(one.following_count, 2);
        double const weight = 1 / std::log(static_cast<double>(follows));
        for (auto const& id : one.follows) {
            auto& candidate = found[id];
            candidate.user_id = id;
            ++candidate.mutual;
            candidate.score += weight;
        }
    }
    std::vector<Candidate> out;
    out.reserve(found.size());
    for (auto& [id, candidate] : found) out.push_back(std::move(candidate));
    std::ranges::sort(out, [](Candidate const& a, Candidate const& b) {
        return a.score != b.score ? a.score > b.score : a.user_id < b.user_id;
    });
    return out;
}

}  // namespace grover::user
