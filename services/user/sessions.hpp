// Sessions: opaque tokens of which only the hash is kept, one for each signed-in device.
#pragma once

#include <mutex>
#include <unordered_map>

#include "base/clock.hpp"
#include "http/extract.hpp"
#include "user/data.hpp"

namespace grover::user {

using net::Task;

/// Thread-safe.
class Sessions {
public:
    Sessions(Data& data, Clock clock) : data_(data), clock_(std::move(clock)) {}

    struct Opened {
        std::string token;  // shown to the client once
        Timestamp expires_at;
    };
    /// Adds a new session to the batch; a user with too many loses the oldest.
    Task<Opened> open(store::Batch& batch, UserId user, http::RequestInfo const& info) const;

    /// Whose session it is, with the roles of now; nothing when it is unknown, expired or its user
    /// is gone. Notes that it was seen; write_last_seen() makes that last.
    Task<std::optional<contracts::Session>> verify(std::string token_hash);

    /// All that are good, newest first.
    Task<std::vector<Session>> of(UserId user) const;

    /// Adds its end to the batch, and that caches shall forget it. Ending one that is gone does
    /// nothing.
    void end(store::Batch& batch, std::string const& token_hash) const;
    /// Caches shall look the user's sessions up again: the roles changed.
    void refresh(store::Batch& batch, Session const& session) const;
    /// What ended since `since`, an earlier position; empty: nothing yet. Throws Error (invalid)
    /// for what is no position.
    Task<contracts::Revocations> revoked(std::string since) const;

    /// Writes what verify() noted. Called every few seconds.
    Task<> write_last_seen();

private:
    void note_seen(Session const& session, Timestamp now);
    void forget(store::Batch& batch, std::string const& token_hash) const;

    Data& data_;
    Clock clock_;
    std::mutex mutex_;
    std::unordered_map<std::string, Timestamp> seen_;  // by token hash, not written yet
};

}  // namespace grover::user
