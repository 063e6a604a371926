#include "gateway/route_metrics.hpp"

namespace grover::gateway {

std::string_view known_method(std::string_view method) noexcept {
    constexpr std::array methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (std::string_view const known : methods)
        if (method == known) return known;
    return "_OTHER";
}

void RouteMetrics::observe(std::string_view method, int status,
                           std::chrono::steady_clock::duration took) {
    auto const seconds = std::chrono::duration<double>(took).count();
    auto const shown = known_method(method);
    for (auto const& known : known_)
        if (known.status == status && known.method == shown)
            return known.histogram->observe(seconds);
    auto& histogram =
        metrics_->histogram("http_server_request_duration_seconds", "Time to answer a request",
                            {{"http_request_method", std::string(shown)},
                             {"http_route", route_},
                             {"http_response_status_code", std::to_string(status)}});
    known_.push_back({shown, status, &histogram});
    histogram.observe(seconds);
}

}  // namespace grover::gateway
