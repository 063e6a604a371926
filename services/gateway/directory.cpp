#include "gateway/directory.hpp"

#include <algorithm>

namespace grover::gateway {

Directory::Directory(service::Kit& kit, Clusters const& clusters,
                     std::shared_ptr<Snapshot const> snapshot)
    : kit_(kit), clusters_(clusters), snapshot_(std::move(snapshot)) {}

void Directory::use(std::shared_ptr<Snapshot const> snapshot) {
    std::lock_guard const lock(mutex_);
    snapshot_ = std::move(snapshot);
}

std::shared_ptr<Snapshot const> Directory::snapshot() const {
    std::lock_guard const lock(mutex_);
    return snapshot_;
}

service::Peer& Directory::peer(std::string const& service) {
    std::lock_guard const lock(mutex_);
    return peers_
        .try_emplace(service, kit_, service + " service",
                     [this, service] { return origin_of(service); })
        .first->second;
}

std::vector<Overview::Member> Directory::members() {
    std::vector<Overview::Member> out;
    for (auto const& service : snapshot()->services)
        if (!service.settings.instances.empty()) out.push_back({service.name, &peer(service.name)});
    return out;
}

std::string Directory::origin_of(std::string const& service) const {
    auto const now = snapshot();
    auto const found = std::ranges::find(now->services, service, &Service::name);
    if (found == now->services.end() || found->settings.instances.empty())
        throw Error(ErrorCode::unavailable, "the " + service + " service is not running");
    auto const up = clusters_.up(service);
    return up.empty() ? found->settings.instances.front() : up.front();
}

}  // namespace grover::gateway
