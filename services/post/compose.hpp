// What a new or changed post is made of: pure functions from input to Post.
#pragma once

#include "post/post.hpp"

namespace grover::post {

/// The post that `in` asks for; adds to `issues` what only the moment of writing can tell (the
/// poll's end lies in the past, or too far ahead), and what is wrong with the whole (nothing in
/// it).
Post compose(CreatePost in, UserId author, Timestamp now, reflect::Issues& issues);

/// The post after `in`: equal to `before` when nothing changes.
Post revise(Post const& before, UpdatePost const& in, Timestamp now, reflect::Issues& issues);

/// What the author can change differs.
bool revised(Post const& before, Post const& after);

/// A repost of `original` with the reposter's own words.
Post compose_repost(Post const& original, std::optional<std::string> comment, UserId author,
                    Timestamp now);

}  // namespace grover::post
