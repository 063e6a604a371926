// The configuration of the gateway: what gateway.yaml may say. Each section is a described struct
// beside the code that uses it; this is their list, in the order of the shipped file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "gateway/cluster/settings.hpp"
#include "gateway/config/reader.hpp"
#include "gateway/routes/settings.hpp"

namespace grover::gateway {

struct Config {
    std::map<std::string, ServiceSettings> services;
    std::map<std::string, VersionSettings> versions;
    std::vector<RouteSettings> routes;
    ClientSettings clients;
    CorsSettings cors;
    RateLimitSettings rate_limits;
    AuthorizationSettings authorization;
    cache::Settings cache;
    CompressionSettings compression;
};
BOOST_DESCRIBE_STRUCT(Config, (),
                      (services, versions, routes, clients, cors, rate_limits, authorization, cache,
                       compression))

/// The rules that join sections: names that must be there, routes that nothing can reach.
void validate(Config const& config, config::Where const& where);

}  // namespace grover::gateway
