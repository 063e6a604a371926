#include "gateway/stages/settings.hpp"

#include <algorithm>

#include "http/characters.hpp"
#include "net/network.hpp"

namespace grover::gateway {
namespace {

void check_ranges(std::string_view member, std::vector<std::string> const& ranges,
                  config::Where const& where) {
    for (auto const& text : ranges)
        if (!net::Network::parse(text))
            where.add(member, "'" + text + "' is no address range: 10.0.0.0/8, 127.0.0.1 or unix");
}

constexpr std::size_t limit_name_bytes_max = 32;

bool is_origin(std::string_view text) {
    for (std::string_view const scheme : {"https://", "http://"}) {
        if (!text.starts_with(scheme)) continue;
        auto host = text.substr(scheme.size());
        if (host.starts_with("*.")) host.remove_prefix(2);
        return !host.empty() && host.find_first_of("/*?#@ ,") == std::string_view::npos;
    }
    return false;
}

}  // namespace

void validate(ClientSettings const& clients, config::Where const& where) {
    check_ranges("trusted_proxies", clients.trusted_proxies, where);
}

void validate(CorsSettings const& cors, config::Where const& where) {
    for (auto const& origin : cors.origins) {
        if (origin == "*" && cors.credentials)
            where.add("origins",
                      "'*' lets every page act for its visitors: set credentials: false");
        else if (origin != "*" && !is_origin(origin))
            where.add("origins",
                      "'" + origin + "' is no origin: https://app.example, https://*.app.example");
    }
    for (auto const& [member, names] : {std::pair("methods", &cors.methods),
                                        {"headers", &cors.headers},
                                        {"expose", &cors.expose}})
        for (auto const& name : *names)
            if (!http::is_token(name)) where.add(member, "'" + name + "' is no name");
    if (cors.max_age.count() < 0) where.add("max_age", "must not be negative");
}

void validate(LimitSettings const& limit, config::Where const& where) {
    if (limit.by.empty()) where.add("by", "a limit counts by something: [ip], [user], [ip, route]");
    if (limit.quota == 0) where.add("quota", "a limit needs a quota of 1 or more");
    if (limit.window.count() <= 0) where.add("window", "must be longer than nothing");
    // The bound of resilience::RatePolicy.
    if (limit.window.count() > 0 &&
        static_cast<double>(limit.quota) / static_cast<double>(limit.window.count()) > 10'000)
        where.add("quota", "more than ten million in a second is no limit");
    if (limit.burst > 1'000'000'000) where.add("burst", "is too large");
}

void validate(RateLimitSettings const& limits, config::Where const& where) {
    std::vector<std::string_view> names;
    for (auto const& [name, limit] : limits.limits) {
        names.push_back(name);
        bool const plain = std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
        if (!plain || name.size() > limit_name_bytes_max)
            where.add("limits", "'" + name +
                                    "' is no name for a limit: a-z, 0-9, '-', '_', 32 "
                                    "characters at most");
    }
    for (auto const& name : limits.everywhere)
        if (!limits.limits.contains(name))
            where.add("everywhere",
                      "there is no limit '" + name + "'" + config::suggestion(name, names));
    check_ranges("exempt", limits.exempt, where);
    if (!http::is_token(limits.api_key_header))
        where.add("api_key_header", "'" + limits.api_key_header + "' is no field name");
}

void validate(AuthorizationSettings const& authorization, config::Where const& where) {
    for (auto const& [role, scopes] : authorization.roles)
        for (auto const& scope : scopes)
            if (scope.empty()) where.add("roles", "a scope has a name");
}

}  // namespace grover::gateway
