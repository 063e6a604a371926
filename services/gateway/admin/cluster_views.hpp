// The services' instances and breakers, as the admin API shows and moves them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/views.hpp"
#include "gateway/cluster/cluster.hpp"

namespace grover::gateway::admin {

/// Which breakers; nothing stands for all.
struct BreakerFilter {
    std::optional<std::string> service;
    std::optional<std::string> route;
    std::optional<std::string> instance;
};

std::vector<ServiceView> service_views(Clusters const& clusters);
std::vector<InstanceView> instance_views(Clusters const& clusters);
/// The breakers of the instances that are there; one that no request has met yet is closed.
std::vector<BreakerView> breaker_views(Clusters const& clusters, BreakerFilter const& filter);
/// How many there were.
std::size_t force_breakers(Clusters const& clusters, BreakerFilter const& filter,
                           BreakerForce force);

}  // namespace grover::gateway::admin
