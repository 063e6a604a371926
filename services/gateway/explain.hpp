// grover-gateway route explain METHOD URL [FIELD: VALUE ...]: which route takes a request, and why
// not the others.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/load.hpp"
#include "gateway/snapshot.hpp"

namespace grover::gateway {

/// A text for people. Throws ConfigError when the arguments make no request. `taken` tells whether
/// some route takes it.
std::string explain(Config const& config, std::string const& file,
                    std::vector<std::string> const& request, bool& taken);

/// grover-gateway route access: a Markdown table of every route and the roles that may use it.
std::string access_table(Snapshot const& snapshot);

}  // namespace grover::gateway
