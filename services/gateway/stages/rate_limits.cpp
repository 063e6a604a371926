#include "gateway/stages/rate_limits.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "net/network.hpp"

namespace grover::gateway {
namespace {

std::int64_t seconds_up(resilience::Duration time) {
    return std::chrono::ceil<std::chrono::seconds>(time).count();
}

/// Of a refused request: Retry-After, and t of RateLimit.
std::int64_t seconds_to_wait(resilience::RateDecision const& decision) {
    return std::max<std::int64_t>(seconds_up(decision.retry_after), 1);
}

/// "name";q=100;w=60. Windows are told in seconds: what a shorter one allows in as many as that.
std::string policy_item(std::string const& name, LimitSettings const& settings) {
    auto const seconds = std::max<std::int64_t>(seconds_up(settings.window), 1);
    auto const quota = static_cast<std::int64_t>(settings.quota) * seconds * 1000 /
                       std::max<std::int64_t>(settings.window.count(), 1);
    return fmt::format("\"{}\";q={};w={}", name, quota, seconds);
}

}  // namespace

std::string key_of(Limit const& limit, Counted const& who) {
    std::string out = limit.name, network;
    for (auto const key : limit.by) {
        if (key == LimitKey::ip) network = net::client_network(who.address);
        auto const part = key == LimitKey::ip        ? std::string_view(network)
                          : key == LimitKey::user    ? who.user
                          : key == LimitKey::api_key ? who.api_key
                                                     : who.route;
        if (part.empty()) return {};
        out += '\n';
        out += part;
    }
    return out;
}

Limit::Limit(std::string called, LimitSettings const& settings, telemetry::Metrics& metrics)
    : name(std::move(called)),
      policy{.permits = settings.quota,
             .period = settings.window,
             .burst = settings.burst ? settings.burst : settings.quota},
      by(settings.by),
      item(policy_item(name, settings)),
      refused(&metrics.counter("gateway_rate_limited_total",
                               "Requests that a limit refused, by limit", {{"limit", name}})) {}

bool Limit::counts_by(LimitKey key) const noexcept {
    return std::ranges::find(by, key) != by.end();
}

void Taken::take(std::vector<Limit const*> const& limits, Counted const& who,
                 http::Exchange& exchange) {
    auto const now = resilience::Steady::now();
    for (auto const* limit : limits) {
        auto key = key_of(*limit, who);
        if (key.empty()) continue;
        auto const decision = gcra_.take(key, limit->policy, now);
        if (!policies_.empty()) policies_ += ", ";
        policies_ += limit->item;
        if (!nearest_ || decision.remaining < nearest_decision_.remaining || !decision.allowed) {
            nearest_ = limit;
            nearest_decision_ = decision;
        }
        if (decision.allowed) {
            taken_.push_back({limit, std::move(key)});
            continue;
        }
        for (auto const& [given, text] : taken_) gcra_.give_back(text, given->policy, now);
        limit->refused->add();
        report(exchange);
        throw Error(ErrorCode::rate_limited,
                    "too many requests: the limit '" + limit->name + "' is used up")
            .with_retry_after(std::chrono::seconds(seconds_to_wait(decision)));
    }
}

void Taken::report(http::Exchange& exchange) {
    if (!nearest_ || std::exchange(reported_, true)) return;
    exchange.answer_field("RateLimit-Policy", policies_);
    auto const seconds = nearest_decision_.allowed ? seconds_up(nearest_decision_.reset_after)
                                                   : seconds_to_wait(nearest_decision_);
    char text[128];
    auto const end = fmt::format_to_n(text, sizeof text, "\"{}\";r={};t={}", nearest_->name,
                                      nearest_decision_.remaining, seconds)
                         .out;
    exchange.answer_field("RateLimit", {text, end});
}

}  // namespace grover::gateway
