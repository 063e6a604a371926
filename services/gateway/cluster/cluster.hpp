// The instances of one service and what is known of them, shared by the loops and kept over
// reloads: who is there, who is up, who is ejected, the retry budget, the limit of concurrent
// requests.
//
//     Clusters clusters(kit);
//     auto cluster = clusters.get("post");
//     cluster->configure(settings);               // now and after each reload
//     auto guard = cluster->guard("posts");       // of a route
//
// Each loop has an Upstream of it (upstream.hpp), which takes notice of changes by version().
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/cluster/instance.hpp"
#include "gateway/cluster/route_guard.hpp"
#include "gateway/cluster/settings.hpp"
#include "resilience/concurrency_limit.hpp"
#include "resilience/outlier.hpp"
#include "resilience/retry_budget.hpp"
#include "telemetry/metrics.hpp"

namespace grover::gateway {

/// Thread-safe.
class Cluster {
public:
    using TimePoint = resilience::TimePoint;
    using InstancePtr = std::shared_ptr<Instance>;  // shared by loops, checks and requests

    /// What holds until the next change; never changed itself.
    struct State {
        ServiceSettings settings;
        std::vector<InstancePtr> instances;
        std::shared_ptr<resilience::Outliers> outliers;       // kept while their options are,
        std::shared_ptr<resilience::ConcurrencyLimit> limit;  // from state to state
    };
    using StatePtr = std::shared_ptr<State const>;

    Cluster(std::string name, telemetry::Metrics& metrics);

    std::string const& name() const noexcept { return name_; }

    /// New settings. Instances that stay keep all that is known of them.
    void configure(ServiceSettings settings);
    /// The addresses that a configured instance's name has now.
    void resolved(std::string const& configured, std::vector<std::string> const& addresses);

    StatePtr state() const;
    /// Changes whenever balancing must look again.
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    /// A bit per instance that is there and up.
    std::uint64_t usable() const noexcept { return usable_.load(std::memory_order_relaxed); }

    /// The memory of a route; made when first asked for, or when the breaker's settings changed.
    std::shared_ptr<RouteGuard> guard(std::string const& route);
    std::map<std::string, std::shared_ptr<RouteGuard>> guards() const;

    /// What an active check found.
    void set_up(Instance& instance, bool up, TimePoint now);
    /// A try has ended; for the passive checks.
    void report(State const& state, Instance& instance, bool good, TimePoint now);
    /// Brings back the ejected whose time is over; about once a second.
    void judge(TimePoint now);

    resilience::RetryBudget budget;

    telemetry::Counter& retries;
    telemetry::Counter& retries_denied;
    telemetry::Counter& hedges;
    telemetry::Counter& hedges_won;
    telemetry::Counter& shed;
    telemetry::Counter& refused_by_breaker;

private:
    struct Wanted {
        std::string origin;
        std::string configured;
        net::Endpoint endpoint;
        std::string authority;
    };
    std::vector<Wanted> wanted(ServiceSettings const& settings) const;
    void rebuild(ServiceSettings settings);
    InstancePtr take_over(Wanted const& wanted, State const* before, std::uint64_t& taken);
    void changed() noexcept { version_.fetch_add(1, std::memory_order_release); }
    void update_usable(State const& state) noexcept;

    std::string const name_;
    std::atomic<std::uint64_t> version_{0};
    std::atomic<std::uint64_t> usable_{0};
    mutable std::mutex mutex_;  // for what follows
    StatePtr state_;
    std::map<std::string, std::vector<std::string>> addresses_;  // by configured instance
    std::map<std::string, std::shared_ptr<RouteGuard>> guards_;
};

/// All clusters of the process, by name.
class Clusters {
public:
    explicit Clusters(telemetry::Metrics& metrics) : metrics_(metrics) {}
    std::shared_ptr<Cluster> get(std::string const& name);
    std::vector<std::shared_ptr<Cluster>> all() const;
    /// The instances of a service that are well, by their addresses.
    std::vector<std::string> up(std::string const& name) const;

private:
    telemetry::Metrics& metrics_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Cluster>> by_name_;
};

}  // namespace grover::gateway
