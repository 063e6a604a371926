#include "gateway/stages/cors.hpp"

#include <algorithm>

namespace grover::gateway {
namespace {

std::string join(std::vector<std::string> const& names) {
    std::string out;
    for (auto const& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

/// "https://*.app.example" fits every name below app.example, with the same scheme and port.
bool fits(std::string_view pattern, std::string_view origin) noexcept {
    auto const star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == origin;
    auto const before = pattern.substr(0, star), after = pattern.substr(star + 1);
    if (origin.size() <= before.size() + after.size()) return false;
    auto const name = origin.substr(before.size(), origin.size() - before.size() - after.size());
    return origin.starts_with(before) && origin.ends_with(after) &&
           name.find_first_of("/:@") == std::string_view::npos;
}

}  // namespace

Cors::Cors(CorsSettings const& settings)
    : origins_(settings.origins),
      any_(std::ranges::find(settings.origins, "*") != settings.origins.end()),
      credentials_(settings.credentials),
      methods_(join(settings.methods)),
      headers_(join(settings.headers)),
      expose_(join(settings.expose)),
      max_age_(std::to_string(settings.max_age.count())) {}

bool Cors::allows(std::string_view origin) const noexcept {
    return any_ || std::ranges::any_of(origins_,
                                       [&](auto const& pattern) { return fits(pattern, origin); });
}

bool Cors::is_preflight(http::RequestHead const& head) noexcept {
    return head.method == "OPTIONS" && head.contains("Origin") &&
           head.contains("Access-Control-Request-Method");
}

void Cors::allow(http::Exchange& exchange, std::string_view origin) const {
    exchange.answer_field("Access-Control-Allow-Origin", any_ && !credentials_ ? "*" : origin);
    if (credentials_) exchange.answer_field("Access-Control-Allow-Credentials", "true");
}

net::Task<> Cors::answer_preflight(http::Exchange& exchange) const {
    auto const origin = exchange.head().get("Origin");
    exchange.answer_field("Vary",
                          "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    if (!allows(origin))
        throw Error(ErrorCode::forbidden, "origin_not_allowed",
                    "pages of this origin may not use the API");
    allow(exchange, origin);
    exchange.begin(204);
    exchange.field("Access-Control-Allow-Methods", methods_);
    exchange.field("Access-Control-Allow-Headers", headers_);
    exchange.field("Access-Control-Max-Age", max_age_);
    co_await exchange.finish({});
}

void Cors::mark(http::Exchange& exchange) const {
    exchange.reserve_fields("Access-Control-");
    exchange.answer_field("Vary", "Origin");
    auto const origin = exchange.head().get("Origin");
    if (origin.empty() || !allows(origin)) return;
    allow(exchange, origin);
    if (!expose_.empty()) exchange.answer_field("Access-Control-Expose-Headers", expose_);
}

}  // namespace grover::gateway
