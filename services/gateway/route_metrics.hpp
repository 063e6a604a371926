// Rate, errors and duration of one route on one loop: the histogram http_server_request_duration_
// seconds by route, method and status, in OpenTelemetry's names.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/metrics.hpp"

namespace grover::gateway {

/// Finding a series takes no lock once it was seen: a route has few.
class RouteMetrics {
public:
    RouteMetrics(telemetry::Metrics& metrics, std::string route)
        : metrics_(&metrics), route_(std::move(route)) {}

    void observe(std::string_view method, int status, std::chrono::steady_clock::duration took);

private:
    struct Known {
        std::string_view method;
        int status;
        telemetry::Histogram* histogram;
    };
    telemetry::Metrics* metrics_;
    std::string route_;
    std::vector<Known> known_;
};

/// A method as it may be shown: what is not one of HTTP's own is "_OTHER", so that clients cannot
/// invent series.
std::string_view known_method(std::string_view method) noexcept;

}  // namespace grover::gateway
