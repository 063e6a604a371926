#include "post/engagement.hpp"

#include "post/score.hpp"

namespace grover::post {
namespace {

using Increments = std::vector<std::pair<std::string, std::int64_t>>;

void add_difference(Increments& out, std::string name, std::int64_t before, std::int64_t after) {
    if (before != after) out.emplace_back(std::move(name), after - before);
}

void add_differences(Increments& out, std::string const& prefix, Counts const& before,
                     Counts const& after) {
    for (auto const& [name, count] : after) {
        auto const was = before.find(name);
        add_difference(out, prefix + name, was == before.end() ? 0 : was->second, count);
    }
}

store::Patch counter_patch(Post const& before, Post const& after) {
    store::Patch patch{
        .collection = "posts", .id = before.post_id.str(), .shard = before.user_id.str()};
    auto& inc = patch.inc;
    add_difference(inc, "likes_count", before.likes_count, after.likes_count);
    add_difference(inc, "dislikes_count", before.dislikes_count, after.dislikes_count);
    add_difference(inc, "shares_count", before.shares_count, after.shares_count);
    add_difference(inc, "comments_count", before.comments_count, after.comments_count);
    add_difference(inc, "repost_count", before.repost_count, after.repost_count);
    add_differences(inc, "reaction_counts.", before.reaction_counts, after.reaction_counts);
    add_differences(inc, "poll_votes.", before.poll_votes, after.poll_votes);
    // Computed from the counters as they were read: when others count at the same moment it lags
    // behind until the next change. The ranking computes it anew (ranking.hpp).
    if (auto const heat = stored_heat(after); heat != before.heat)
        patch.set["heat"] = heat ? boost::json::value(*heat) : boost::json::value();
    return patch;
}

}  // namespace

std::string engagement_id(PostId const& post, UserId const& user) {
    return post.str() + ":" + user.str();
}

Engagements::Engagements(store::DocumentStore& store) : engagements_(store, "engagements") {}

Task<ReadEngagement> Engagements::read(PostId post, UserId user) const {
    auto id = engagement_id(post, user);
    auto found = co_await engagements_.find(id);
    if (found) co_return ReadEngagement{std::move(found->value), found->version};
    ReadEngagement blank;
    blank.value.engagement_id = std::move(id);
    blank.value.post_id = std::move(post);
    blank.value.user_id = std::move(user);
    co_return blank;
}

void Engagements::write(store::Batch& batch, ReadEngagement const& before,
                        Engagement const& after) const {
    if (!before.version)
        engagements_.insert(batch, after);
    else if (after.empty())
        engagements_.remove(batch, after.engagement_id, {.if_version = before.version});
    else
        engagements_.replace(batch, after, before.version);
}

void write_counters(store::Batch& batch, Post const& before, Post const& after) {
    batch.add(counter_patch(before, after));
}

void write_counters_if_there(store::Batch& batch, Post const& before, Post const& after) {
    auto patch = counter_patch(before, after);
    patch.ignore_missing = true;
    batch.add(std::move(patch));
}

}  // namespace grover::post
