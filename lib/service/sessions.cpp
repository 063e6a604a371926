#include "service/sessions.hpp"

#include <charconv>

#include "auth/session_protocol.hpp"
#include "auth/token.hpp"

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

std::shared_ptr<Sessions::Found const> Sessions::cached(std::string_view token) {
    auto const now = steady_clock::now();
    auto& shard = shard_of(token);
    std::lock_guard const lock(shard.mutex);
    auto const at = shard.by_token.find(token);
    if (at == shard.by_token.end()) return {};
    auto& entry = at->second;
    // Revocations are known without a gap for what was looked up since the feed began.
    bool const feed_works =
        now - feed_read_.load(std::memory_order_relaxed) < freshness_without_feed &&
        entry.checked > feed_began_.load(std::memory_order_relaxed);
    auto const trust = !entry.found->caller ? unknown_freshness
                       : feed_works         ? freshness
                                            : freshness_without_feed;
    bool const expired = entry.found->caller && entry.expires_at <= kit_.clock()();
    if (expired || now - entry.checked > trust) {
        shard.erase(at);
        return {};
    }
    if (now - entry.signed_at > signature_age_max) {
        entry.found = sign(entry.found->caller);
        entry.signed_at = now;
    }
    return entry.found;
}

Task<std::shared_ptr<Sessions::Found const>> Sessions::find(std::string_view token,
                                                            http::RequestInfo info) {
    if (auto known = cached(token)) co_return known;
    Entry entry;
    auto token_hash = auth::hash_token(token);
    entry.digest = digest_of(token_hash);
    entry.checked = entry.signed_at =
        steady_clock::now();  // before asking: what changes meanwhile is seen
    std::string const kept(token);
    std::optional<auth::Caller> caller;
    try {
        auto session = co_await users_.post<auth::Session>(
            "/internal/sessions/verify", auth::SessionLookup{std::move(token_hash)},
            std::move(info));
        entry.expires_at = session.expires_at;
        caller = auth::Caller{std::move(session.user_id), std::move(session.session_id),
                              std::move(session.roles)};
    } catch (Error const& e) {
        if (e.code() != ErrorCode::not_found) throw;
    }
    entry.found = sign(std::move(caller));
    auto found = entry.found;
    keep(kept, std::move(entry));
    co_return found;
}

/// Of 64 hex digits; what the feed has of another form finds nothing.
Sessions::Digest Sessions::digest_of(std::string_view token_hash) {
    Digest out;
    for (std::size_t i = 0; i < out.words.size(); ++i) {
        auto const part = token_hash.substr(std::min(16 * i, token_hash.size()), 16);
        std::from_chars(part.data(), part.data() + part.size(), out.words[i], 16);
    }
    return out;
}

void Sessions::keep(std::string_view token, Entry entry) {
    auto& shard = shard_of(token);
    std::lock_guard const lock(shard.mutex);
    if (shard.by_token.size() >= sessions_max / shards_.size()) shard.erase(shard.by_token.begin());
    auto const at = shard.by_token.insert_or_assign(std::string(token), std::move(entry)).first;
    if (at->second.found->caller) shard.by_digest.insert_or_assign(at->second.digest, &*at);
}

void Sessions::forget(std::string const& token_hash) {
    for (auto& shard : shards_) {
        std::lock_guard const lock(shard.mutex);
        auto const at = shard.by_digest.find(digest_of(token_hash));
        if (at == shard.by_digest.end()) continue;
        shard.erase(shard.by_token.find(at->second->first));
        return;
    }
}

Task<> Sessions::poll() {
    http::RequestInfo info;
    info.deadline = steady_clock::now() + std::chrono::seconds(1);
    auto const asked = steady_clock::now();
    auto const news = co_await users_.get<auth::Revocations>(
        "/internal/sessions/revoked?since=" + position_, std::move(info));
    for (auto const& token_hash : news.token_hashes) forget(token_hash);
    if (position_.empty()) feed_began_.store(steady_clock::now(), std::memory_order_relaxed);
    position_ = news.position;
    feed_read_.store(asked, std::memory_order_relaxed);
}

}  // namespace grover::service
