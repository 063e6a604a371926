// What the user service says about people: their cards and their relations, cached for two seconds.
//
// That is the staleness bound of the whole service: a block, an unfollow or an account made private
// takes effect here within `freshness`, at once when its event arrives. Older answers are never
// used: when the user service cannot be asked, what needs it answers 503 rather than leak.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "contracts/user.hpp"
#include "post/post.hpp"
#include "post/visibility.hpp"
#include "service/peer.hpp"

namespace grover::post {

using net::Task;

/// The cards of those asked for that exist.
class Cards {
public:
    void add(std::shared_ptr<UserCard const> card) { cards_.push_back(std::move(card)); }
    void add(Cards more);
    /// To be called once all are added.
    void sort();
    /// Null when there is no such user.
    UserCard const* find(UserId const& id) const;
    std::size_t size() const noexcept { return cards_.size(); }

private:
    std::vector<std::shared_ptr<UserCard const>> cards_;  // shared with the cache
};

/// Answers by user, each good for a limited time. Thread-safe; bounded.
template <class T>
class FreshCache {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Hit {
        std::shared_ptr<T const> value;  // null: there is no such user
        Time asked;
    };
    /// Nothing when it is not known, or was asked before `oldest`.
    std::optional<Hit> find(UserId const& id, Time oldest);
    /// Keeps an answer to a question asked at `asked`, unless the user was forgotten since then.
    void keep(UserId const& id, std::shared_ptr<T const> value, Time asked);
    void forget(UserId const& id);

private:
    static constexpr std::size_t entries_max = 8'192;  // per shard
    struct Shard {
        std::mutex mutex;
        std::unordered_map<UserId, Hit> entries;
        Time forgotten{};  // the last forget(): answers to older questions are not kept
    };
    Shard& shard_of(UserId const& id) { return shards_[std::hash<UserId>{}(id) % shards_.size()]; }
    std::array<Shard, 16> shards_;
};

/// Thread-safe.
class People {
public:
    static constexpr auto freshness = std::chrono::seconds(2);

    /// Asks `origin`, the user service. `kit` must outlive this.
    People(service::Kit& kit, std::string origin);

    /// One call to the user service for all that are not cached; ids may repeat. Throws Error
    /// (unavailable, ...).
    Task<Cards> cards(std::vector<UserId> ids, http::RequestInfo const& info);
    /// Who looks, with their relations. No call for an anonymous viewer.
    Task<Onlooker> onlooker(auth::Viewer const& viewer, http::RequestInfo const& info);
    Task<Onlooker> onlooker(auth::Caller const& caller, http::RequestInfo const& info);
    /// Empty for somebody who is gone.
    Task<std::shared_ptr<RelationSets const>> relations(UserId id, http::RequestInfo const& info);

    /// Something about this user has changed.
    void forget(UserId const& id);

    service::Peer& service() noexcept { return users_; }

private:
    Task<Cards> fetch_cards(contracts::UserCardsRequest const& request,
                            http::RequestInfo const& info);
    Task<> refresh();

    service::Peer users_;
    FreshCache<UserCard> cards_;
    FreshCache<RelationSets> relations_;
    std::mutex aging_mutex_;
    std::unordered_set<UserId>
        aging_;  // in use, and soon too old: refreshed ahead, off the requests
};

}  // namespace grover::post
