#include "user/sessions.hpp"

#include "auth/token.hpp"
#include "user/limits.hpp"

namespace grover::user {

using store::where;

Task<Sessions::Opened> Sessions::open(store::Batch& batch, UserId user,
                                      http::RequestInfo const& info) const {
    auto const oldest_first = co_await data_.sessions.list({
        .filter = where<&Session::user_id>(user),
        .order = {store::ascending<&Session::created_at>()},
        .limit = grover::limits::find_limit_max,
    });
    for (std::size_t i = 0; i + limits::sessions_per_user_max <= oldest_first.size(); ++i)
        end(batch, oldest_first[i]->token_hash);

    auto const now = clock_();
    Opened out{auth::make_token(), now + limits::session_lifetime};
    data_.sessions.insert(batch, {.token_hash = auth::hash_token(out.token),
                                  .session_id = SessionId::make(now),
                                  .user_id = user,
                                  .created_at = now,
                                  .last_seen_at = now,
                                  .expires_at = out.expires_at,
                                  .user_agent = info.user_agent,
                                  .ip = info.address});
    co_return out;
}

Task<std::optional<contracts::Session>> Sessions::verify(std::string token_hash) {
    auto const session = co_await data_.sessions.find(token_hash);
    auto const now = clock_();
    if (!session || session->value.expires_at <= now) co_return std::nullopt;
    auto const user = co_await data_.users.find(session->value.user_id);
    if (!user) co_return std::nullopt;
    note_seen(session->value, now);
    co_return contracts::Session{.user_id = user->value.user_id,
                                 .session_id = session->value.session_id,
                                 .roles = user->value.roles,
                                 .expires_at = session->value.expires_at};
}

Task<std::vector<Session>> Sessions::of(UserId user) const {
    auto const found = co_await data_.sessions.list({
        .filter = where<&Session::user_id>(user),
        .order = {store::descending<&Session::created_at>()},
        .limit = grover::limits::find_limit_max,
    });
    std::vector<Session> out;
    auto const now = clock_();
    for (auto const& session : found)
        if (session->expires_at > now) out.push_back(*session);
    co_return out;
}

void Sessions::end(store::Batch& batch, std::string const& token_hash) const {
    data_.sessions.remove(batch, token_hash, {.ignore_missing = true});
    forget(batch, token_hash);
}

void Sessions::refresh(store::Batch& batch, Session const& session) const {
    forget(batch, session.token_hash);
}

void Sessions::forget(store::Batch& batch, std::string const& token_hash) const {
    auto const now = clock_();
    data_.revocations.upsert(batch, {.token_hash = token_hash,
                                     .revoked_at = now,
                                     .expires_at = now + limits::revocation_retention});
}

Task<contracts::Revocations> Sessions::revoked(std::string since) const {
    // A position lies a little back, so that what commits late, or on a host whose clock is behind,
    // is listed by a later call.
    contracts::Revocations out{.position = (clock_() - limits::revocation_overlap).to_string(),
                               .token_hashes = {}};
    if (since.empty()) co_return out;
    auto const from = Timestamp::parse(since);
    if (!from) throw Error(std::vector<Issue>{{"query/since", "is not a position of this list"}});

    std::vector<store::OrderBy<Revocation>> const order{
        store::ascending<&Revocation::revoked_at>()};
    std::vector<boost::json::value> after;
    for (;;) {
        auto const page = co_await data_.revocations.list({
            .filter = where<&Revocation::revoked_at>.greater_equal(*from),
            .order = order,
            .limit = grover::limits::find_limit_max,
            .after = std::move(after),
        });
        for (auto const& one : page) out.token_hashes.push_back(one->token_hash);
        if (page.size() < grover::limits::find_limit_max) co_return out;
        after = data_.revocations.position(order, *page.back());
    }
}

void Sessions::note_seen(Session const& session, Timestamp now) {
    if (now - session.last_seen_at < limits::last_seen_precision) return;
    std::lock_guard const lock(mutex_);
    if (seen_.size() < limits::last_seen_pending_max) seen_[session.token_hash] = now;
}

Task<> Sessions::write_last_seen() {
    std::unordered_map<std::string, Timestamp> seen;
    {
        std::lock_guard const lock(mutex_);
        seen.swap(seen_);
    }
    if (seen.empty()) co_return;
    store::Batch batch;
    for (auto const& [token_hash, at] : seen)
        data_.sessions.patch(batch, token_hash).set<&Session::last_seen_at>(at).ignore_missing();
    // Nothing in it can be rejected.
    static_cast<void>(co_await data_.store.commit(std::move(batch)));
}

}  // namespace grover::user
