// Optimistic writes: read, decide, commit guarded by what was read, and again when somebody else
// was faster.
#pragma once

#include <expected>

#include "base/error.hpp"
#include "net/task.hpp"
#include "store/document_store.hpp"

namespace grover::post {

/// Each round of a race has a winner, so this many rounds lose to this many others.
inline constexpr int commit_attempts_max = 50;

/// Runs `attempt`, a coroutine that gives expected<R, Rejected>, until it succeeds. It reads anew
/// each time, so a document that is gone ends the rounds with its 404. Throws Error (unavailable)
/// after too many.
template <class R, class Attempt>
net::Task<R> retried(Attempt const& attempt) {
    for (int i = 0; i < commit_attempts_max; ++i) {
        std::expected<R, store::Rejected> done = co_await attempt();
        if (!done) continue;
        if constexpr (std::is_void_v<R>)
            co_return;
        else
            co_return *std::move(done);
    }
    throw Error(ErrorCode::unavailable, "busy", "too many changes at the same moment")
        .with_retry_after(std::chrono::seconds(1));
}

}  // namespace grover::post
