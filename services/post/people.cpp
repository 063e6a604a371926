#include "post/people.hpp"

#include <algorithm>

namespace grover::post {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t cards_per_call = 1'000;  // contracts::UserCardsRequest
constexpr auto refresh_period = std::chrono::milliseconds(250);

}  // namespace

void Cards::add(Cards more) {
    std::ranges::move(more.cards_, std::back_inserter(cards_));
}

void Cards::sort() {
    std::ranges::sort(cards_, {}, [](auto const& card) -> auto const& { return card->user_id; });
}

UserCard const* Cards::find(UserId const& id) const {
    auto const id_of = [](auto const& card) -> auto const& { return card->user_id; };
    auto const at = std::ranges::lower_bound(cards_, id, {}, id_of);
    return at != cards_.end() && (*at)->user_id == id ? at->get() : nullptr;
}

template <class T>
auto FreshCache<T>::find(UserId const& id, Time oldest) -> std::optional<Hit> {
    auto& shard = shard_of(id);
    std::lock_guard const lock(shard.mutex);
    auto const at = shard.entries.find(id);
    if (at == shard.entries.end() || at->second.asked < oldest) return {};
    return at->second;
}

template <class T>
void FreshCache<T>::keep(UserId const& id, std::shared_ptr<T const> value, Time asked) {
    auto& shard = shard_of(id);
    std::lock_guard const lock(shard.mutex);
    if (asked <= shard.forgotten) return;
    if (shard.entries.size() >= entries_max)
        std::erase_if(shard.entries,
                      [&](auto const& e) { return e.second.asked < asked - People::freshness; });
    if (shard.entries.size() >= entries_max) shard.entries.clear();
    shard.entries.insert_or_assign(id, Hit{std::move(value), asked});
}

template <class T>
void FreshCache<T>::forget(UserId const& id) {
    auto& shard = shard_of(id);
    std::lock_guard const lock(shard.mutex);
    shard.entries.erase(id);
    shard.forgotten = steady_clock::now();
}

People::People(service::Kit& kit, std::string origin)
    : users_(kit, "user service", std::move(origin)) {
    kit.every(refresh_period, "refresh cards", [this] { return refresh(); });
}

Task<Cards> People::cards(std::vector<UserId> ids, http::RequestInfo const& info) {
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    Cards out;
    std::vector<UserId> missing;
    auto const now = steady_clock::now();
    for (auto const& id : ids) {
        auto const hit = cards_.find(id, now - freshness);
        if (!hit) {
            missing.push_back(id);
            continue;
        }
        if (hit->value) out.add(hit->value);
        if (now - hit->asked > freshness / 2) {
            std::lock_guard const lock(aging_mutex_);
            if (aging_.size() < cards_per_call) aging_.insert(id);
        }
    }
    for (std::size_t begin = 0; begin < missing.size(); begin += cards_per_call) {
        auto const end = std::min(begin + cards_per_call, missing.size());
        contracts::UserCardsRequest const request{
            {missing.begin() + static_cast<std::ptrdiff_t>(begin),
             missing.begin() + static_cast<std::ptrdiff_t>(end)}};
        out.add(co_await fetch_cards(request, info));
    }
    out.sort();
    co_return out;
}

Task<Cards> People::fetch_cards(contracts::UserCardsRequest const& request,
                                http::RequestInfo const& info) {
    auto const asked = steady_clock::now();
    auto found =
        co_await users_.post<std::vector<UserCard>>("/internal/users/cards", request, info);
    Cards out;
    for (auto& card : found) {
        auto const shared = std::make_shared<UserCard const>(std::move(card));
        cards_.keep(shared->user_id, shared, asked);
        out.add(shared);
    }
    out.sort();
    for (auto const& id : request.ids)
        if (!out.find(id)) cards_.keep(id, nullptr, asked);
    co_return out;
}

Task<Onlooker> People::onlooker(auth::Caller const& caller, http::RequestInfo const& info) {
    co_return Onlooker(caller, co_await relations(caller.user_id, info));
}

Task<Onlooker> People::onlooker(auth::Viewer const& viewer, http::RequestInfo const& info) {
    if (viewer.anonymous()) co_return Onlooker();
    co_return co_await onlooker(*viewer.caller, info);
}

Task<std::shared_ptr<RelationSets const>> People::relations(UserId id,
                                                            http::RequestInfo const& info) {
    static auto const none = std::make_shared<RelationSets const>();
    auto const asked = steady_clock::now();
    if (auto const hit = relations_.find(id, asked - freshness))
        co_return hit->value ? hit->value : none;
    std::shared_ptr<RelationSets const> found;
    try {
        found = std::make_shared<RelationSets const>(co_await users_.get<contracts::Relations>(
            "/internal/users/" + id.str() + "/relations", info));
    } catch (Error const& error) {
        if (error.code() != ErrorCode::not_found) throw;
    }
    relations_.keep(id, found, asked);
    co_return found ? found : none;
}

void People::forget(UserId const& id) {
    cards_.forget(id);
    relations_.forget(id);
}

Task<> People::refresh() {
    contracts::UserCardsRequest request;
    {
        std::lock_guard const lock(aging_mutex_);
        request.ids.assign(aging_.begin(), aging_.end());
        aging_.clear();
    }
    if (request.ids.empty()) co_return;
    http::RequestInfo info;
    info.deadline = steady_clock::now() + std::chrono::seconds(1);
    co_await fetch_cards(request, info);
}

}  // namespace grover::post
