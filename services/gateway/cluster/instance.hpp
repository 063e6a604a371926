// One process that answers for a service, as all loops see it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "net/endpoint.hpp"
#include "resilience/balancer.hpp"

namespace grover::gateway {

struct Instance {
    Instance(std::string called, std::string configured_as, net::Endpoint where, std::string host,
             std::size_t place)
        : origin(std::move(called)),
          configured(std::move(configured_as)),
          endpoint(std::move(where)),
          authority(std::move(host)),
          slot(place) {}

    std::string const origin;      // "http://127.0.0.1:8002": where it is
    std::string const configured;  // as the configuration says: a name, if it came from DNS
    net::Endpoint const endpoint;
    std::string const authority;  // the value of Host
    std::size_t const slot;  // its bit and its place in arrays, while it belongs to its cluster

    std::atomic<double> weight{1};
    resilience::Load load;
    std::atomic<bool> up{true};              // what the active checks say
    std::atomic<std::int64_t> new_since{0};  // for slow start, ns; 0: it has always been there
    std::atomic<bool> retired{false};        // it is in the configuration no more
    std::atomic<std::uint64_t> tries{0};
    std::atomic<std::uint64_t> failures{0};
};

}  // namespace grover::gateway
