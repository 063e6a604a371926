#include "gateway/cluster/settings.hpp"

#include <algorithm>

#include "net/endpoint.hpp"
#include "resilience/balancer.hpp"

namespace grover::gateway {

void validate(ServiceSettings const& service, config::Where const& where) {
    for (auto const& url : service.instances)
        if (!net::Endpoint::parse(url))
            where.add("instances", "'" + url +
                                       "' is no address: http://host:port, https://host:port or "
                                       "unix:/path");
    for (auto at = service.instances.begin(); at != service.instances.end(); ++at)
        if (std::find(service.instances.begin(), at, *at) != at)
            where.add("instances", "'" + *at + "' is there twice");
    bool const any_tls = std::ranges::any_of(
        service.instances, [](auto const& url) { return url.starts_with("https:"); });
    if (service.protocol == Protocol::http2 && any_tls)
        where.add("protocol", "HTTP/2 is spoken in clear text only, not with https instances");
    if (service.instances.size() > resilience::Balancer::members_max)
        where.add("instances", "at most 64 instances can be told apart");
    for (auto const& [url, weight] : service.weights) {
        if (std::ranges::find(service.instances, url) == service.instances.end())
            where.add("weights", "'" + url + "' is none of the instances");
        if (!(weight >= 0 && weight <= 1000)) where.add("weights", "a weight is from 0 to 1000");
    }
    auto const drained = [&](auto const& url) {
        auto const found = service.weights.find(url);
        return found != service.weights.end() && found->second == 0;
    };
    if (!service.instances.empty() && std::ranges::all_of(service.instances, drained))
        where.add("weights", "every instance weighs 0: none would be asked");
}

void validate(HealthSettings const& health, config::Where const& where) {
    if (!health.path.starts_with('/')) where.add("path", "must begin with /");
    if (health.interval < 50ms) where.add("interval", "must be 50ms or more");
    if (health.timeout <= 0ms) where.add("timeout", "must be more than nothing");
    if (health.rise == 0) where.add("rise", "must be 1 or more");
    if (health.fall == 0) where.add("fall", "must be 1 or more");
}

void validate(OutlierSettings const& outliers, config::Where const& where) {
    if (outliers.consecutive == 0) where.add("consecutive", "must be 1 or more");
    if (outliers.base_time <= 0ms) where.add("base_time", "must be more than nothing");
}

void validate(RetrySettings const& retries, config::Where const& where) {
    if (retries.tries_max < 1 || retries.tries_max > 10)
        where.add("tries_max", "must be from 1 to 10");
    if (!(retries.min_per_second >= 0 && retries.min_per_second <= 10'000))
        where.add("min_per_second", "must be from 0 to 10000");
    for (int const status : retries.statuses)
        if (status < 500 || status > 599) where.add("statuses", "must be from 500 to 599");
}

void validate(HedgeSettings const& hedging, config::Where const& where) {
    if (hedging.quantile.value <= 0 || hedging.quantile.value >= 1)
        where.add("quantile", "must be between 0 and 1");
    if (hedging.delay_min > hedging.delay_max)
        where.add("delay_min", "must not be more than delay_max");
}

void validate(BreakerSettings const& breaker, config::Where const& where) {
    if (breaker.window < 1s) where.add("window", "must be 1s or more");
    if (breaker.min_calls == 0) where.add("min_calls", "must be 1 or more");
    if (breaker.open_time <= 0ms) where.add("open_time", "must be more than nothing");
    if (breaker.open_time > breaker.open_time_max)
        where.add("open_time", "must not be more than open_time_max");
    if (breaker.probes == 0) where.add("probes", "must be 1 or more");
}

void validate(ConcurrencySettings const& limit, config::Where const& where) {
    if (limit.min == 0) where.add("min", "must be 1 or more");
    if (limit.min > limit.max) where.add("min", "must not be more than max");
    if (!(limit.tolerance >= 1)) where.add("tolerance", "must be 1 or more");
}

void validate(StreamSettings const& stream, config::Where const& where) {
    if (stream.idle <= 0ms) where.add("idle", "must be more than nothing");
    if (stream.lifetime < stream.idle) where.add("lifetime", "must not be less than idle");
}

void validate(ResilienceSettings const& route, config::Where const& where) {
    if (route.timeout <= 0ms) where.add("timeout", "must be more than nothing");
    if (route.fallback && (route.fallback->status < 200 || route.fallback->status > 599))
        where.add("fallback", "its status must be from 200 to 599");
}

}  // namespace grover::gateway
