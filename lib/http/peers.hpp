// How many connections each client address has: one that opens thousands must not take the places
// of all others.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/string_map.hpp"

namespace grover::http {

/// Thread-safe: a lock and a look-up per connection, none per request.
class Peers {
public:
    /// 0: as many as they like.
    explicit Peers(std::size_t connections_max) : max_(connections_max) {}

    /// False when the address has more than its share; leave() follows either way. IPv6 addresses
    /// count by their /64, which is what one customer gets (RFC 6177). Peers without an address
    /// (unix sockets) are not counted.
    bool enter(std::string_view address);
    void leave(std::string_view address) noexcept;
    /// Addresses with connections.
    std::size_t size() const;

private:
    std::size_t max_;
    mutable std::mutex mutex_;
    StringMap<std::size_t> connections_;
};

}  // namespace grover::http
