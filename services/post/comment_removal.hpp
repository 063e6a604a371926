// Deleting a comment, whoever does it.
#pragma once

#include "post/parts.hpp"

namespace grover::post {

/// Adds everything that goes at once: the comment with its replies, their counts at the post and at
/// the comment they reply to; and the job that clears their likes away. Rejected when a reply came
/// or a like changed meanwhile: read again.
Task<> remove_comment(Parts& parts, store::Batch& batch, store::Stored<Comment> const& comment);

}  // namespace grover::post
