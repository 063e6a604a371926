// The identifiers that cross service borders.
#pragma once

#include "auth/caller.hpp"
#include "base/id.hpp"

namespace grover::contracts {

using auth::SessionId;
using auth::UserId;
using PostId = Id<"post">;
using CommentId = Id<"comment">;

}  // namespace grover::contracts
