#include "service/sessions.hpp"

#include "auth/session_protocol.hpp"
#include "auth/token.hpp"
#include "base/string_map.hpp"

namespace grover::service {
namespace {

using std::chrono::steady_clock;

/// Signed identities live a minute; a cached one is signed again at half of it.
constexpr auto signature_age_max = auth::identity_lifetime / 2;

}  // namespace

Sessions::Sessions(Kit& kit, Peer& users) : kit_(kit), users_(users) {
    kit.every(poll_period, "session revocations", [this] { return poll(); });
}

std::shared_ptr<Sessions::Found const> Sessions::sign(std::optional<auth::Caller> caller) const {
    auto const now = kit_.clock()();
    auto found = std::make_shared<Found>();
    found->identity = caller ? kit_.signer().sign(*caller, now) : kit_.signer().sign_rejected(now);
    found->caller = std::move(caller);
    return found;
}

/// Revocations are known without a gap for what was looked up since the feed began.
bool Sessions::believed(bool good, Timestamp expires_at, Time checked, Time now) const {
    if (!good) return now - checked <= unknown_freshness;
    bool const feed_works =
        now - feed_read_.load(std::memory_order_relaxed) < freshness_without_feed &&
        checked > feed_began_.load(std::memory_order_relaxed);
    return now - checked <= (feed_works ? freshness : freshness_without_feed) &&
           kit_.clock()() < expires_at;
}

TokenVerifier Sessions::verifier() {
    return [this](std::string token, http::Deadline deadline) -> Task<std::optional<auth::Caller>> {
        http::RequestInfo info;
        info.deadline = deadline;
        co_return (co_await find(token, std::move(info)))->caller;
    };
}

std::shared_ptr<Sessions::Found const> Sessions::cached(std::string_view token) {
    auto const now = steady_clock::now();
    auto const hash = StringHash()(token);
    auto& recent = recent_[hash % shards];
    std::lock_guard const lock(recent.mutex);
    auto& place = recent.places[hash / shards % recent.places.size()];
    bool const current =
        place.token == token && place.news == news_.load(std::memory_order_acquire) &&
        believed(place.found->caller.has_value(), place.expires_at, place.checked, now);
    if (!current && !restore(place, token, now)) return {};
    if (now - place.signed_at > signature_age_max) {
        place.found = sign(place.found->caller);
        place.signed_at = now;
    }
    return place.found;
}

/// Puts what the table knows of the token into the place; false when that is nothing.
bool Sessions::restore(Recent& place, std::string_view token, Time now) {
    auto const news = news_.load(std::memory_order_acquire);
    auto const digest = TokenDigest::of(auth::hash_token(token));
    auto& shard = shard_of(digest);
    std::unique_lock lock(shard.mutex);
    auto session = shard.table.find(digest);
    lock.unlock();
    if (!session ||
        !believed(session->caller.has_value(), session->expires_at, session->checked, now)) {
        if (place.token == token) place = {};
        return false;
    }
    if (place.token != token || place.checked != session->checked) {
        place.token = token;
        place.found = sign(std::move(session->caller));
        place.signed_at = now;
    }
    place.expires_at = session->expires_at;
    place.checked = session->checked;
    place.news = news;
    return true;
}

Task<std::shared_ptr<Sessions::Found const>> Sessions::find(std::string_view token,
                                                            http::RequestInfo info) {
    if (auto known = cached(token)) co_return known;
    std::string const kept(token);
    auto const hash = auth::hash_token(kept);
    auto const news = news_.load(std::memory_order_acquire);
    auto const session = co_await ask(hash, std::move(info));
    auto const digest = TokenDigest::of(hash);
    {
        auto& shard = shard_of(digest);
        std::lock_guard const lock(shard.mutex);
        // What was revoked after the answer was given has left the table already.
        if (news == news_.load(std::memory_order_acquire))
            shard.table.put(digest, session, steady_clock::now() - freshness);
    }
    if (auto known = cached(kept)) co_return known;
    co_return sign(session.caller);
}

Task<SessionTable::Session> Sessions::ask(std::string token_hash, http::RequestInfo info) {
    SessionTable::Session out;
    out.checked = steady_clock::now();  // before asking: what changes meanwhile is seen
    try {
        auto session = co_await users_.post<auth::Session>(
            "/internal/sessions/verify", auth::SessionLookup{std::move(token_hash)},
            std::move(info));
        out.expires_at = session.expires_at;
        out.caller = auth::Caller{std::move(session.user_id), std::move(session.session_id),
                                  std::move(session.roles)};
    } catch (Error const& e) {
        if (e.code() == ErrorCode::gateway_timeout) throw;
        // What the user service makes of the question is nothing that the caller has done.
        if (e.code() != ErrorCode::not_found)
            throw Error(ErrorCode::unavailable, "sessions cannot be checked at the moment")
                .with_retry_after(e.retry_after().value_or(std::chrono::seconds(1)));
    }
    co_return out;
}

std::shared_ptr<SessionWatch const> Sessions::watch(std::string_view token) {
    auto const digest = TokenDigest::of(auth::hash_token(token));
    auto& shard = shard_of(digest);
    auto const forget = [&shard, digest](SessionWatch* watch) {
        std::unique_lock lock(shard.mutex);
        auto const at = shard.watched.find(digest);
        if (at != shard.watched.end() && at->second.expired()) shard.watched.erase(at);
        lock.unlock();
        delete watch;
    };
    auto fresh = std::shared_ptr<SessionWatch>(new SessionWatch, forget);
    std::lock_guard const lock(shard.mutex);
    auto& known = shard.watched[digest];
    if (auto shared = known.lock()) return shared;
    known = fresh;
    return fresh;
}

void Sessions::revoke(std::string_view token_hash) {
    auto const digest = TokenDigest::of(token_hash);
    auto& shard = shard_of(digest);
    std::shared_ptr<SessionWatch> watch;  // let go of without the lock, which its end takes
    std::lock_guard const lock(shard.mutex);
    shard.table.erase(digest);
    if (auto const at = shard.watched.find(digest); at != shard.watched.end()) {
        watch = at->second.lock();
        shard.watched.erase(at);
    }
    if (watch) watch->revoked_.store(true, std::memory_order_relaxed);
}

Task<> Sessions::poll() {
    http::RequestInfo info;
    info.deadline = steady_clock::now() + std::chrono::seconds(1);
    auto const asked = steady_clock::now();
    auto const news = co_await users_.get<auth::Revocations>(
        std::string(auth::revocations_route) + "?since=" + position_, std::move(info));
    if (!news.token_hashes.empty()) news_.fetch_add(1, std::memory_order_acq_rel);
    for (auto const& token_hash : news.token_hashes) revoke(token_hash);
    if (!news.token_hashes.empty()) news_.fetch_add(1, std::memory_order_acq_rel);
    if (position_.empty()) feed_began_.store(steady_clock::now(), std::memory_order_relaxed);
    position_ = news.position;
    feed_read_.store(asked, std::memory_order_relaxed);
}

}  // namespace grover::service
