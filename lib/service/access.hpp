// One log line and one histogram entry per request.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "http/server.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace grover::service {

/// Called on the loop that answered. Log lines name the route's pattern, never the path or the
/// query: they may hold what must not be kept. Levels: warn for 5xx, debug for what programs ask on
/// a clock and get, info for the rest. Cost: a map look-up and one line in the log's buffer.
class AccessLog {
public:
    AccessLog(telemetry::Log& log, telemetry::Metrics& metrics, std::size_t loops);

    void observe(http::AccessRecord const& record);

private:
    telemetry::Histogram& histogram_of(http::AccessRecord const& record);

    telemetry::Log& log_;
    telemetry::Metrics& metrics_;
    // Per loop, so that finding a histogram takes no lock; by route, method and status.
    std::vector<std::unordered_map<std::string, telemetry::Histogram*>> known_;
};

}  // namespace grover::service
