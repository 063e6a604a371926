#include "gateway/cache/flights.hpp"

namespace grover::gateway::cache {

void Lead::land(Landing landing) noexcept {
    if (auto* flights = std::exchange(flights_, nullptr)) flights->land(key_, landing);
}

Place::~Place() {
    if (flights_) flights_->let_go(key_, number_);
}

Lead Flights::take_off(std::string_view key) {
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    auto const [at, added] = shard.under_way.try_emplace(std::string(key));
    return added ? Lead(*this, at->first) : Lead();
}

Place Flights::on_landing(std::string_view key, Wake wake) {
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    auto const found = shard.under_way.find(key);
    if (found == shard.under_way.end()) return {};
    auto const number = ++shard.places;
    found->second.emplace(number, std::move(wake));
    return {*this, found->first, number};
}

bool Flights::awaited(std::string_view key) {
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    auto const found = shard.under_way.find(key);
    return found != shard.under_way.end() && !found->second.empty();
}

void Flights::let_go(std::string const& key, std::uint64_t number) noexcept {
    Wake gone;  // What it holds is freed without the lock.
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    auto const found = shard.under_way.find(key);
    if (found == shard.under_way.end()) return;
    auto const place = found->second.find(number);
    if (place == found->second.end()) return;
    gone = std::move(place->second);
    found->second.erase(place);
}

void Flights::land(std::string const& key, Landing landing) noexcept {
    std::map<std::uint64_t, Wake> waiting;
    {
        auto& shard = shard_of(key);
        std::lock_guard const lock(shard.mutex);
        auto const found = shard.under_way.find(key);
        if (found == shard.under_way.end()) return;
        waiting = std::move(found->second);
        shard.under_way.erase(found);
    }
    for (auto const& [number, wake] : waiting) wake(landing);
}

}  // namespace grover::gateway::cache
