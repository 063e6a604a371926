#include "gateway/cache/flights.hpp"

namespace grover::gateway::cache {

void Lead::land(Landing landing) noexcept {
    if (auto* flights = std::exchange(flights_, nullptr)) flights->land(key_, landing);
}

Lead Flights::take_off(std::string_view key) {
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    auto const [at, added] = shard.under_way.try_emplace(std::string(key));
    return added ? Lead(*this, at->first) : Lead();
}

bool Flights::on_landing(std::string_view key, Wake wake) {
    auto& shard = shard_of(key);
    std::lock_guard const lock(shard.mutex);
    auto const found = shard.under_way.find(key);
    if (found == shard.under_way.end()) return false;
    found->second.push_back(std::move(wake));
    return true;
}

void Flights::land(std::string const& key, Landing landing) noexcept {
    std::vector<Wake> waiting;
    {
        auto& shard = shard_of(key);
        std::lock_guard const lock(shard.mutex);
        auto const found = shard.under_way.find(key);
        if (found == shard.under_way.end()) return;
        waiting = std::move(found->second);
        shard.under_way.erase(found);
    }
    for (auto const& wake : waiting) wake(landing);
}

}  // namespace grover::gateway::cache
