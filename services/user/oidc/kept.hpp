// A document of a provider that is fetched when it is needed, kept for a while, and kept on beyond
// that while the provider is down.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "base/error.hpp"
#include "net/task.hpp"

namespace grover::user::oidc {

/// Thread-safe. Two callers who find it stale at once both fetch it, which does no harm.
template <class T>
class Kept {
public:
    using Value = std::shared_ptr<T const>;  // shared with the requests that use it
    using Fetch = std::function<net::Task<Value>()>;
    using Time = std::chrono::steady_clock::time_point;

    static constexpr auto fresh_for = std::chrono::minutes(60);
    /// After a failure nobody is asked for that long: callers get the old value, or the failure at
    /// once.
    static constexpr auto pause_after_failure = std::chrono::seconds(2);
    /// Between two fetches that a caller asked for although the value was fresh.
    static constexpr auto pause_between_refreshes = std::chrono::seconds(10);

    /// `fetch` must be alive until this ends.
    net::Task<Value> get(Fetch const& fetch, Time now) {
        auto const state = snapshot();
        if (state.value && now < state.fetched_at + fresh_for) co_return state.value;
        if (now < state.failed_at + pause_after_failure) {
            if (state.value) co_return state.value;
            throw Error(ErrorCode::unavailable, "login_provider_down",
                        "the login provider cannot be reached: try again")
                .with_retry_after(pause_after_failure);
        }
        co_return co_await fetch_now(fetch, now);
    }

    /// A newer value although the old one is fresh: for a key that it does not have. Limited in
    /// rate, so that made-up keys cannot make us call the provider again and again.
    net::Task<Value> refresh(Fetch const& fetch, Time now) {
        {
            std::lock_guard const lock(mutex_);
            if (now < state_.refreshed_at + pause_between_refreshes) co_return state_.value;
            state_.refreshed_at = now;
        }
        co_return co_await fetch_now(fetch, now);
    }

private:
    struct State {
        Value value;
        Time fetched_at{};
        Time failed_at{};
        Time refreshed_at{};
    };
    State snapshot() const {
        std::lock_guard const lock(mutex_);
        return state_;
    }

    net::Task<Value> fetch_now(Fetch const& fetch, Time now) {
        try {
            auto value = co_await fetch();
            std::lock_guard const lock(mutex_);
            state_.value = value;
            state_.fetched_at = now;
            co_return value;
        } catch (Error const&) {
            std::lock_guard const lock(mutex_);
            state_.failed_at = now;
            if (!state_.value) throw;
            co_return state_.value;
        }
    }

    mutable std::mutex mutex_;
    State state_;
};

}  // namespace grover::user::oidc
