// Whose request it is where a proxy of ours stands before the gateway: the client's own address out
// of X-Forwarded-For.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.hpp"
#include "net/network.hpp"

namespace grover::gateway {

class TrustedProxies {
public:
    explicit TrustedProxies(std::vector<std::string> const& ranges) : ranges_(ranges) {}

    /// The address that `peer` speaks for: going back through X-Forwarded-For, the first that is no
    /// proxy of ours. `peer` itself where it is not trusted, or the list does not say.
    std::string_view client_of(std::string_view peer, http::RequestHead const& head) const;
    bool none() const noexcept { return ranges_.empty(); }

private:
    net::Networks ranges_;
};

}  // namespace grover::gateway
