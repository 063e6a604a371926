#include "gateway/stages/lifecycle.hpp"

#include "http/date.hpp"

namespace grover::gateway {

Lifecycle::Lifecycle(LifecycleSettings const& settings, std::string const& kind,
                     std::string const& name, telemetry::Metrics& metrics) {
    auto const link = [&](std::string const& url, std::string_view relation) {
        if (url.empty()) return;
        if (!link_.empty()) link_ += ", ";
        link_.append("<").append(url).append(">; rel=\"").append(relation).append("\"");
    };
    if (settings.deprecated) {
        deprecation_ = "@" + std::to_string(settings.deprecated->ms / 1000);
        link(settings.link, "deprecation");
    }
    if (settings.sunset) {
        sunset_ = http::format_date(settings.sunset->ms / 1000);
        link(settings.link, "sunset");
        if (settings.gone_after_sunset) gone_at_ = settings.sunset;
    }
    link(settings.successor, "successor-version");
    replaced_ = !settings.successor.empty();
    if (settings.deprecated || settings.sunset)
        uses_ = &metrics.counter("gateway_deprecated_requests_total",
                                 "Requests to what is deprecated, by what it is",
                                 {{"kind", kind}, {"name", name}});
}

void Lifecycle::mark(http::Exchange& exchange, Timestamp now) const {
    if (silent()) return;
    count();
    if (!deprecation_.empty()) exchange.answer_field("Deprecation", deprecation_);
    if (!sunset_.empty()) exchange.answer_field("Sunset", sunset_);
    if (!link_.empty()) exchange.answer_field("Link", link_);
    if (is_gone(now))
        throw Error(ErrorCode::gone,
                    replaced_ ? "this part of the API is gone; Link names what replaces it"
                              : "this part of the API is gone");
}

}  // namespace grover::gateway
