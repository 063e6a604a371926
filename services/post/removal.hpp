// Deleting a post, whoever does it: the author, a moderator, an unrepost, the end of an account or
// the deletion of what was reposted.
#pragma once

#include "post/parts.hpp"

namespace grover::post {

/// Adds everything that goes at once: the post, its tags and mentions, a repost's mark and count at
/// its original, the event, and the job that clears the rest away. The batch is rejected when the
/// post, or the repost's mark, is not as it was read any more: read again.
Task<> remove_post(Parts& parts, store::Batch& batch, Post const& post,
                   std::optional<std::int64_t> if_version = {});

}  // namespace grover::post
