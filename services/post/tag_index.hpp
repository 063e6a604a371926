// The documents beside a post by which it is found: one per tag and one per person it mentions; and
// how many listed posts each tag has.
#pragma once

#include <map>

#include "post/people.hpp"
#include "post/post.hpp"
#include "store/collection.hpp"

namespace grover::post {

/// Whether posts of an account are for everybody.
enum class Account { open, closed };  // closed: private, or gone
Account account_of(UserCard const* card);

/// A document of "post_tags". It says whether an anonymous reader sees the post, as far as post and
/// account decide it.
struct PostTag {
    std::string id;  // tag, '#', post
    std::string tag;
    PostId post_id;
    UserId user_id;
    bool listed = false;           // Post::listed(), of an open account: counted in Tag
    std::optional<bool> withheld;  // Post::listed(), of a closed one; nothing: not looked at yet
    Timestamp created_at;          // of the post
};
BOOST_DESCRIBE_STRUCT(PostTag, (), (id, tag, post_id, user_id, listed, withheld, created_at))

/// A document of "tags".
struct Tag {
    std::string tag;
    std::int64_t posts_count = 0;  // PostTag::listed: what an anonymous reader could count
};
BOOST_DESCRIBE_STRUCT(Tag, (), (tag, posts_count))

/// A document of "mentions".
struct Mention {
    std::string id;  // user, ':', post
    UserId user_id;
    PostId post_id;
};
BOOST_DESCRIBE_STRUCT(Mention, (), (id, user_id, post_id))

class TagIndex {
public:
    explicit TagIndex(store::DocumentStore& store);

    /// Adds what makes the index fit `after` where it fitted `before`. Rejected when one of the
    /// tags is used for the first time by two posts at the same moment, or listed anew (relist())
    /// meanwhile: try again.
    Task<> change(store::Batch& batch, Post const& before, Post const& after,
                  Account account) const;
    Task<> add(store::Batch& batch, Post const& post, Account account) const;
    Task<> remove(store::Batch& batch, Post const& post) const;
    /// The same for tags of posts whose author's account has opened or closed.
    Task<> relist(store::Batch& batch, std::vector<store::Stored<PostTag>> const& uses,
                  Account account) const;

    /// The same for the people whom a post mentions.
    void change_mentions(store::Batch& batch, PostId const& post, std::vector<UserId> const& before,
                         std::vector<UserId> const& after) const;

    store::Collection<PostTag> const& post_tags() const noexcept { return post_tags_; }
    store::Collection<Tag> const& tags() const noexcept { return tags_; }
    store::Collection<Mention> const& mentions() const noexcept { return mentions_; }

private:
    using Changes = std::map<std::string, std::int64_t>;  // of tags' counts
    Task<> count(store::Batch& batch, Changes changes) const;

    store::Collection<PostTag> post_tags_;
    store::Collection<Tag> tags_;
    store::Collection<Mention> mentions_;
};

/// Whom a post may mention: those it tags and those its text names, whether they exist or not.
std::vector<UserId> mention_candidates(Post const& post);

}  // namespace grover::post
