// The active side of a cluster: asks every instance how it is, looks host names up again, and lets
// the passive checks judge. One per process, on the first loop, whatever the number of threads.
#pragma once

#include <memory>
#include <vector>

#include "gateway/cluster/cluster.hpp"
#include "service/kit.hpp"

namespace grover::gateway {

class Checks {
public:
    /// Begins with the service. Both must outlive this.
    Checks(service::Kit& kit, Clusters& clusters);

private:
    net::Task<> turn();
    void start_new(std::shared_ptr<Cluster> const& cluster, Cluster::State const& state);
    net::Task<> watch(std::shared_ptr<Cluster> cluster, Cluster::InstancePtr instance);
    net::Task<bool> well(Cluster::InstancePtr instance, HealthSettings settings, bool& leaving);
    net::Task<> look_up(std::shared_ptr<Cluster> cluster, std::string configured);

    service::Kit& kit_;
    Clusters& clusters_;
    std::vector<std::weak_ptr<Instance>> watched_;
    struct Name {
        std::string cluster;
        std::string configured;
        resilience::TimePoint due{};
    };
    std::vector<Name> names_;
    resilience::TimePoint judged_{};
};

}  // namespace grover::gateway
