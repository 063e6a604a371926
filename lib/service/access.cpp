#include "service/access.hpp"

#include <array>

#include "auth/caller.hpp"
#include "auth/session_protocol.hpp"
#include "net/loop.hpp"

namespace grover::service {
namespace {

/// OpenTelemetry: an unknown method is "_OTHER", so that clients cannot invent series.
std::string_view known_method(std::string_view method) {
    constexpr std::array methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (std::string_view const known : methods)
        if (method == known) return known;
    return "_OTHER";
}

/// What programs ask on a clock, day and night: probes, scrapes, the gateways' look at ended
/// sessions. At level info it would bury what people did.
bool asked_on_a_clock(std::string_view route) {
    return route.starts_with("/health") || route == "/metrics" || route == auth::revocations_route;
}

telemetry::Level level_of(http::AccessRecord const& record) {
    if (record.status >= 500) return telemetry::Level::warn;
    if (record.status < 400 && asked_on_a_clock(record.request.route))
        return telemetry::Level::debug;
    return telemetry::Level::info;
}

}  // namespace

AccessLog::AccessLog(telemetry::Log& log, telemetry::Metrics& metrics, std::size_t loops)
    : log_(log), metrics_(metrics), known_(loops) {}

telemetry::Histogram& AccessLog::histogram_of(http::AccessRecord const& record) {
    auto& known = known_[net::Loop::current()->index()];
    std::string key(known_method(record.request.method));
    key += std::to_string(record.status);
    key += record.request.route;
    auto& found = known[key];
    if (!found)
        found = &metrics_.histogram(
            "http_server_request_duration_seconds", "Time to answer a request",
            {{"http_request_method", std::string(known_method(record.request.method))},
             {"http_route", std::string(record.request.route)},
             {"http_response_status_code", std::to_string(record.status)}});
    return *found;
}

void AccessLog::observe(http::AccessRecord const& record) {
    histogram_of(record).observe(std::chrono::duration<double>(record.took).count());
    auto const level = level_of(record);
    if (!log_.enabled(level)) return;
    auto const* identity = record.request.find<auth::Identity>();
    auto const* caller = identity && identity->caller ? &*identity->caller : nullptr;
    log_.write(level, "request",
               {{"method", known_method(record.request.method)},
                {"route", record.request.route},
                {"status", record.status},
                {"bytes", record.response_bytes},
                {"us", std::chrono::duration_cast<std::chrono::microseconds>(record.took).count()},
                {"user_id", caller ? std::string_view(caller->user_id.str()) : std::string_view()},
                {"peer", record.request.peer_address},
                {"request_id", record.request.request_id},
                {"trace_id", record.request.trace_id}});
}

}  // namespace grover::service
