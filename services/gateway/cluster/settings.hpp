// What the configuration says about the instances of a service and how they are asked: the sections
// of a service, and of a route. Every default is that of gateway.yaml as shipped.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/limits.hpp"
#include "gateway/config/reader.hpp"

namespace grover::gateway {

using namespace std::chrono_literals;

/// Which instance is next (lib/resilience/balancer.hpp).
enum class Balance { round_robin, least_request, peak_ewma, ring_hash };
BOOST_DESCRIBE_ENUM(Balance, round_robin, least_request, peak_ewma, ring_hash)

/// What is spoken with the instances. HTTP/2 in clear text, requests sharing a connection
/// (http/h2/client_connections.hpp); `detect` asks an instance for it and goes back to HTTP/1.1
/// with those who do not know it.
enum class Protocol { http1, http2, detect };
BOOST_DESCRIBE_ENUM(Protocol, http1, http2, detect)

/// Which requests are kept when not all can be (lib/resilience/concurrency_limit.hpp).
enum class Importance { critical, write, read, explore };
BOOST_DESCRIBE_ENUM(Importance, critical, write, read, explore)

/// Active checks, made once per process and instance whatever the number of threads.
struct HealthSettings {
    bool enabled = true;
    std::string path = "/health/ready";  // below 500 is well; 503 takes the instance out at once
    std::chrono::milliseconds interval = 500ms;
    std::chrono::milliseconds timeout = 500ms;
    std::uint32_t rise = 2;
    std::uint32_t fall = 3;
    bool operator==(HealthSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(HealthSettings, (), (enabled, path, interval, timeout, rise, fall))
void validate(HealthSettings const& health, config::Where const& where);

/// Passive checks (lib/resilience/outlier.hpp).
struct OutlierSettings {
    bool enabled = true;
    std::uint32_t consecutive = 5;
    std::chrono::milliseconds base_time = 1s;
    std::chrono::milliseconds time_max = 30s;
    config::Ratio max_share{0.5};
    bool operator==(OutlierSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(OutlierSettings, (), (enabled, consecutive, base_time, time_max, max_share))
void validate(OutlierSettings const& outliers, config::Where const& where);

/// Tries beyond the first, hedges among them (lib/resilience/retry_budget.hpp).
struct RetrySettings {
    int tries_max = 3;  // in all, of one request; 1: never again
    config::Ratio ratio{0.2};
    double min_per_second = 10;
    std::vector<int> statuses = {502, 503, 504};  // of a service that had better be asked elsewhere
    std::chrono::milliseconds pause = 5ms;        // before the second try of the same kind, doubled
    std::chrono::milliseconds pause_max = 100ms;
    bool operator==(RetrySettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(RetrySettings, (),
                      (tries_max, ratio, min_per_second, statuses, pause, pause_max))
void validate(RetrySettings const& retries, config::Where const& where);

/// A second instance is asked as well when the first takes longer than most.
struct HedgeSettings {
    bool enabled = true;
    config::Ratio quantile{0.95};
    std::chrono::milliseconds delay_min = 10ms;
    std::chrono::milliseconds delay_max = 1s;
    bool operator==(HedgeSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(HedgeSettings, (), (enabled, quantile, delay_min, delay_max))
void validate(HedgeSettings const& hedging, config::Where const& where);

/// Per route and instance (lib/resilience/circuit_breaker.hpp).
struct BreakerSettings {
    bool enabled = true;
    std::chrono::milliseconds window = 10s;
    std::uint64_t min_calls = 20;
    config::Ratio error_ratio{0.5};
    std::chrono::milliseconds slow_call = 0ms;  // 0: nothing is slow
    config::Ratio slow_ratio{0.9};
    std::chrono::milliseconds open_time = 250ms;
    std::chrono::milliseconds open_time_max = 2s;
    std::uint32_t probes = 3;
    bool operator==(BreakerSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(BreakerSettings, (),
                      (enabled, window, min_calls, error_ratio, slow_call, slow_ratio, open_time,
                       open_time_max, probes))
void validate(BreakerSettings const& breaker, config::Where const& where);

/// How many requests a service is given at a time.
struct ConcurrencySettings {
    bool enabled = true;
    std::uint32_t min = 100;
    std::uint32_t max = 2000;
    std::uint32_t initial = 200;
    double tolerance = 2;
    bool operator==(ConcurrencySettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(ConcurrencySettings, (), (enabled, min, max, initial, tolerance))
void validate(ConcurrencySettings const& limit, config::Where const& where);

/// One service behind the gateway.
struct ServiceSettings {
    /// "http://host:port", "https://host:port" or "unix:/path"; none: answers 503. A host name with
    /// several addresses stands for as many instances and is looked up again.
    std::vector<std::string> instances;
    /// By instance, as written above; others weigh 1.
    std::map<std::string, double> weights;
    Protocol protocol = Protocol::http1;
    Balance balance = Balance::peak_ewma;
    std::chrono::milliseconds resolve_every = 5s;
    std::chrono::milliseconds slow_start = 10s;
    config::Ratio panic_below{0.25};
    HealthSettings health;
    OutlierSettings outliers;
    RetrySettings retries;
    HedgeSettings hedging;
    BreakerSettings breaker;
    ConcurrencySettings concurrency;
    bool operator==(ServiceSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(ServiceSettings, (),
                      (instances, weights, protocol, balance, resolve_every, slow_start,
                       panic_below, health, outliers, retries, hedging, breaker, concurrency))

void validate(ServiceSettings const& service, config::Where const& where);

/// What is answered instead when no instance can be asked.
struct FallbackSettings {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    bool operator==(FallbackSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(FallbackSettings, (), (status, content_type, body))

/// How long what has begun may go on: the rest of an answer, or a tunnel.
struct StreamSettings {
    std::chrono::milliseconds idle = limits::stream_idle_time_max;  // without a byte
    std::chrono::milliseconds lifetime = limits::stream_lifetime_max;
    bool operator==(StreamSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(StreamSettings, (), (idle, lifetime))
void validate(StreamSettings const& stream, config::Where const& where);

/// What one route wants otherwise.
struct ResilienceSettings {
    std::optional<Importance> importance;  // by the method: GET and HEAD read, others write
    std::chrono::milliseconds timeout = 30s;
    bool retries = true;
    bool hedging = true;
    /// Its requests are spread by user with this, whatever the service's balance.
    bool sticky = false;
    std::optional<FallbackSettings> fallback;
    /// From the head of an answer on, instead of `timeout`.
    StreamSettings stream{};
    bool operator==(ResilienceSettings const&) const = default;
};
BOOST_DESCRIBE_STRUCT(ResilienceSettings, (),
                      (importance, timeout, retries, hedging, sticky, fallback, stream))
void validate(ResilienceSettings const& route, config::Where const& where);

}  // namespace grover::gateway
