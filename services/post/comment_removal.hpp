// Deleting a comment, whoever does it.
#pragma once

#include "post/parts.hpp"

namespace grover::post {

/// Adds everything that goes at once: the comment, what it and its replies count at the post, and
/// at the comment it replies to; and the job that clears away the replies, which nobody sees
/// without it, and the likes. Rejected when a reply came or a like changed meanwhile: read again.
Task<> remove_comment(Parts& parts, store::Batch& batch, store::Stored<Comment> const& comment);

}  // namespace grover::post
