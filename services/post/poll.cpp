#include "post/poll.hpp"

#include <cmath>

namespace grover::post {

bool cast_vote(Post& post, Engagement& mine, std::int64_t option, Timestamp now) {
    if (!post.has_poll) throw Error(ErrorCode::conflict, "no_poll", "this post has no poll");
    if (post.poll_expires_at && *post.poll_expires_at <= now)
        throw Error(ErrorCode::conflict, "poll_ended", "this poll has ended");
    if (option < 0 || option >= static_cast<std::int64_t>(post.poll_options.size()))
        throw Error({{"/option_index", "is not one of the options"}});
    if (mine.vote == option) return false;
    if (mine.vote) --post.poll_votes[std::to_string(*mine.vote)];
    mine.vote = option;
    ++post.poll_votes[std::to_string(option)];
    return true;
}

PollResults results_of(Post const& post, std::optional<std::int64_t> mine) {
    if (!post.has_poll) throw Error(ErrorCode::not_found, "this post has no poll");
    PollResults out;
    out.user_voted = mine.has_value();
    out.user_vote_index = mine;
    out.expires_at = post.poll_expires_at;
    for (auto const& [option, votes] : post.poll_votes) out.total_votes += votes;
    for (std::size_t i = 0; i < post.poll_options.size(); ++i) {
        auto const found = post.poll_votes.find(std::to_string(i));
        auto const votes = found == post.poll_votes.end() ? 0 : found->second;
        auto const share = out.total_votes == 0
                               ? 0.0
                               : static_cast<double>(votes) / static_cast<double>(out.total_votes);
        out.results.push_back({post.poll_options[i], votes, std::round(share * 1000) / 10});
    }
    return out;
}

}  // namespace grover::post
