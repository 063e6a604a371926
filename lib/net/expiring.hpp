// A point in time by which something must have happened, found out by its loop's sweep (about every
// 100 ms): setting or moving it is one store, where a timer per operation is a heap operation.
#pragma once

#include <chrono>

#include <boost/intrusive/list.hpp>

#include "net/loop.hpp"

namespace grover::net {

/// Base of what has a deadline on a loop. Belongs to the loop's thread; destroyed before the Loop.
class Expiring : public ExpiringHook {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Expiring(Expiring const&) = delete;
    Expiring& operator=(Expiring const&) = delete;

    /// A new deadline; forgets that the last one has passed.
    void expires_at(TimePoint deadline) noexcept {
        deadline_ = deadline;
        expired_ = false;
    }
    void never_expires() noexcept { expires_at(TimePoint::max()); }
    TimePoint deadline() const noexcept { return deadline_; }
    /// The sweep found the deadline passed. Stays true until a new one is set.
    bool expired() const noexcept { return expired_; }

    /// For the loop: O(1). Called at every sweep after the deadline, so that an operation begun too
    /// late ends too.
    void sweep(TimePoint now) {
        if (now < deadline_) return;
        expired_ = true;
        on_expiry();
    }

protected:
    explicit Expiring(Loop& loop);
    ~Expiring() = default;

private:
    /// Must neither destroy an Expiring nor run anybody's code: cancelling an operation only posts
    /// its end.
    virtual void on_expiry() noexcept = 0;

    TimePoint deadline_ = TimePoint::max();
    bool expired_ = false;
};

}  // namespace grover::net
