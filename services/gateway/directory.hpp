// The services as the gateway itself talks to them: for sessions, health and documents. Requests of
// clients go through the relay instead.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/overview.hpp"
#include "gateway/snapshot.hpp"
#include "service/peer.hpp"

namespace grover::gateway {

/// Thread-safe. Peers live as long as the directory, whatever a reload takes away.
class Directory {
public:
    Directory(service::Kit& kit, Clusters const& clusters,
              std::shared_ptr<Snapshot const> snapshot);

    void use(std::shared_ptr<Snapshot const> snapshot);
    /// The snapshot that holds now, for what is not on the request path.
    std::shared_ptr<Snapshot const> snapshot() const;
    /// The peer of that name; calls throw Error (unavailable) while it has no instance.
    service::Peer& peer(std::string const& service);
    /// The services that have an instance.
    std::vector<Overview::Member> members();

private:
    /// An instance that is up, the first of them; the first of all when none is.
    std::string origin_of(std::string const& service) const;

    service::Kit& kit_;
    Clusters const& clusters_;
    mutable std::mutex mutex_;
    std::shared_ptr<Snapshot const> snapshot_;  // shared with the views of the loops
    std::map<std::string, service::Peer> peers_;
};

}  // namespace grover::gateway
