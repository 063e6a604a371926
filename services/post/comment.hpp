// A comment under a post, or a reply to one: as stored, as shown, and what clients send.
#pragma once

#include "post/post.hpp"

namespace grover::post {

/// A document of "comments". A reply names the comment it belongs to; a reply to a reply belongs to
/// the same one, so threads are one level deep.
struct Comment {
    CommentId comment_id;
    PostId post_id;
    UserId user_id;
    std::string content;
    std::optional<CommentId> parent_comment_id;
    std::int64_t likes_count = 0;
    std::int64_t replies_count = 0;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Comment, (),
                      (comment_id, post_id, user_id, content, parent_comment_id, likes_count,
                       replies_count, created_at))

/// A document of "comment_likes".
struct CommentLike {
    std::string id;  // comment, ':', user
    CommentId comment_id;
    CommentId thread;  // the comment itself, or the one it replies to: they are deleted together
    UserId user_id;
    PostId post_id;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(CommentLike, (), (id, comment_id, thread, user_id, post_id, created_at))

inline std::string comment_like_id(CommentId const& comment, UserId const& user) {
    return comment.str() + ":" + user.str();
}

struct CommentView : Comment {
    static constexpr std::string_view schema_name = "Comment";
    PersonView user;
    bool liked = false;
};
BOOST_DESCRIBE_STRUCT(CommentView, (Comment), (user, liked))
/// Comments are not edited; the counts are others' doing.
inline std::string edition_of(CommentView const& comment) {
    return comment.comment_id.str();
}

struct CreateComment {
    Text<1, 2'000> content;
    std::optional<CommentId> parent_comment_id;
};
BOOST_DESCRIBE_STRUCT(CreateComment, (), (content, parent_comment_id))

inline void validate(CreateComment const& in, reflect::Issues& issues) {
    if (!has_text(in.content.value)) issues.add("content", "must not be blank");
}

}  // namespace grover::post
