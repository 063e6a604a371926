// The end of an account. At once: the account, its password, identities and sessions. Then, in
// bounded batches that go on after a crash: its edges, each with the counter of whoever is at its
// other end.
#pragma once

#include "base/clock.hpp"
#include "events/events.hpp"
#include "user/data.hpp"
#include "user/sessions.hpp"

namespace grover::user {

class Departures {
public:
    Departures(Data& data, Sessions& sessions, events::Outbox const& outbox, Clock clock)
        : data_(data), sessions_(sessions), outbox_(outbox), clock_(std::move(clock)) {}

    /// Adds to the batch what happens at once, and the order to do the rest.
    Task<> begin(store::Batch& batch, UserId user,
                 std::optional<std::int64_t> if_version = {}) const;

    /// Does a bounded piece of what is left. Called every second. Another instance may do the same:
    /// each batch is guarded by the versions it read.
    Task<> go_on();

private:
    /// One batch; false when no edge is left.
    Task<bool> remove_some(UserId user) const;

    Data& data_;
    Sessions& sessions_;
    events::Outbox const& outbox_;
    Clock clock_;
};

}  // namespace grover::user
