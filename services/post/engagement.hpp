// What one user did with one post: like, dislike, reaction, save, repost, vote. It is one document,
// so a page's flags for a viewer are one read, and the post's counters change in the same batch as
// the document: they are exact, whatever happens at the same time.
#pragma once

#include <optional>
#include <string>

#include "post/post.hpp"
#include "store/collection.hpp"

namespace grover::post {

using net::Task;

/// A document of the collection "engagements".
struct Engagement {
    std::string engagement_id;  // engagement_id()
    PostId post_id;
    UserId user_id;
    std::optional<Timestamp> liked_at;
    std::optional<Timestamp> disliked_at;
    std::optional<Timestamp> saved_at;
    std::optional<ReactionType> reaction;
    std::optional<Timestamp> reacted_at;
    std::optional<PostId> repost_id;
    std::optional<std::int64_t> vote;

    /// Nothing is left of it: the document goes.
    bool empty() const noexcept {
        return !liked_at && !disliked_at && !saved_at && !reaction && !repost_id && !vote;
    }
};
BOOST_DESCRIBE_STRUCT(Engagement, (),
                      (engagement_id, post_id, user_id, liked_at, disliked_at, saved_at, reaction,
                       reacted_at, repost_id, vote))

std::string engagement_id(PostId const& post, UserId const& user);

/// An engagement as it was read, blank when there is none yet.
struct ReadEngagement {
    Engagement value;
    std::optional<std::int64_t> version;  // of the stored one
};

class Engagements {
public:
    explicit Engagements(store::DocumentStore& store);

    Task<ReadEngagement> read(PostId post, UserId user) const;
    /// Adds what makes the stored engagement become `after`. It is guarded: the batch is rejected
    /// when the engagement is not as it was read any more.
    void write(store::Batch& batch, ReadEngagement const& before, Engagement const& after) const;

    store::Collection<Engagement> const& all() const noexcept { return engagements_; }

private:
    store::Collection<Engagement> engagements_;
};

/// Adds what makes the stored post's counters go from `before` to `after`, as increments, so that
/// they add up with those of others; and its heat. Rejected (missing) when the post is gone.
void write_counters(store::Batch& batch, Post const& before, Post const& after);
/// The same, and nothing when the post is gone.
void write_counters_if_there(store::Batch& batch, Post const& before, Post const& after);

}  // namespace grover::post
