#include "gateway/cache/key.hpp"

#include <algorithm>

#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::gateway::cache {
namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_unreserved(char c) noexcept {
    char const small = lower(c);
    return (small >= 'a' && small <= 'z') || http::is_digit(c) || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void append_normal(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (std::size_t i = 0; i < text.size(); ++i) {
        int const high = i + 2 < text.size() ? http::hex_value(text[i + 1]) : -1;
        int const low = high >= 0 ? http::hex_value(text[i + 2]) : -1;
        if (text[i] != '%' || low < 0) {
            out += text[i];
            continue;
        }
        auto const decoded = static_cast<char>(high * 16 + low);
        if (is_unreserved(decoded)) {
            out += decoded;
        } else {
            out += '%';
            out += digits[static_cast<std::size_t>(high)];
            out += digits[static_cast<std::size_t>(low)];
        }
        i += 2;
    }
}

/// Appends every parameter called `name`.
void append_parameters(std::string& out, std::string_view query, std::string_view name,
                       char& separator) {
    while (!query.empty()) {
        auto const parameter = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), parameter.size() + 1));
        if (parameter.substr(0, parameter.find('=')) != name) continue;
        out += separator;
        append_normal(out, parameter);
        separator = '&';
    }
}

void append_target(std::string& out, std::string_view target,
                   std::vector<std::string> const& names) {
    auto const mark = target.find('?');
    if (mark == target.npos || names.empty()) return append_normal(out, target);
    append_normal(out, target.substr(0, mark));
    char separator = '?';
    for (auto const& name : names) append_parameters(out, target.substr(mark + 1), name, separator);
}

/// "http://host": up to the slash of the target.
std::string_view origin_of(std::string_view key) noexcept {
    return key.substr(0, key.find('/', key.find("://") + 3));
}

}  // namespace

std::string make_key(std::string_view scheme, std::string_view host, std::string_view target,
                     std::vector<std::string> const& query) {
    std::string_view const usual_port = scheme == "https" ? ":443" : ":80";
    if (host.ends_with(usual_port)) host.remove_suffix(usual_port.size());
    std::string out;
    out.reserve(scheme.size() + host.size() + target.size() + 4);
    out.append(scheme).append("://");
    for (char const c : host) out += lower(c);
    append_target(out, target, query);
    return out;
}

std::string keyed_target(std::string_view target, std::vector<std::string> const& query) {
    std::string out;
    if (query.empty())
        out = target;
    else
        append_target(out, target, query);
    return out;
}

std::string with_apart(std::string key, std::string_view apart) {
    if (!apart.empty()) key.insert(0, std::string(apart) + ' ');
    return key;
}

std::string key_of_url(std::string_view url) {
    auto const colon = url.find("://");
    auto const scheme = url.substr(0, colon);
    if (colon == url.npos || (scheme != "http" && scheme != "https")) return {};
    auto const rest = url.substr(colon + 3);
    auto const host = rest.substr(0, rest.find('/'));
    if (host.empty()) return {};
    auto const target =
        rest.size() == host.size() ? std::string_view("/") : rest.substr(host.size());
    return make_key(scheme, host, target, {});
}

std::vector<std::string> keys_of(std::string_view url, Spellings const& spellings) {
    auto const origin = origin_of(url);
    std::string plain(url.substr(origin.size()));
    auto const respell = [](std::string_view target, std::string_view from, std::string_view to) {
        bool const fits = target.starts_with(from) && target.substr(from.size(), 1) == "/";
        return fits ? std::string(to) + std::string(target.substr(from.size())) : std::string();
    };
    for (auto const& [prefix, means] : spellings.versions)
        if (auto meant = respell(plain, prefix, means); !meant.empty()) {
            plain = std::move(meant);
            break;
        }
    std::vector<std::string> targets{plain};
    for (auto const& [prefix, means] : spellings.versions)
        if (auto other = respell(plain, means, prefix); !other.empty())
            targets.push_back(std::move(other));
    std::vector<std::string> out;
    for (auto const& target : targets)
        for (auto const& query : spellings.queries)
            for (auto const& apart : spellings.aparts)
                if (auto key = with_apart(std::string(origin) + keyed_target(target, query), apart);
                    std::ranges::find(out, key) == out.end())
                    out.push_back(std::move(key));
    return out;
}

std::string related_key(std::string_view key, std::string_view location,
                        std::vector<std::string> const& query) {
    auto const origin = origin_of(key);
    auto const colon = origin.find("://");
    if (location.find('#') != location.npos) location = location.substr(0, location.find('#'));
    if (location.starts_with("//")) return {};  // a network path may name any host
    if (auto const scheme = location.find("://"); scheme != location.npos) {
        auto const rest = location.substr(scheme + 3);
        auto const slash = std::min(rest.find('/'), rest.size());
        if (!http::same_token(location.substr(0, scheme), origin.substr(0, colon))) return {};
        auto const target = slash == rest.size() ? std::string_view("/") : rest.substr(slash);
        auto out = make_key(origin.substr(0, colon), rest.substr(0, slash), target, query);
        return origin_of(out) == origin ? out : std::string();
    }
    if (location.starts_with('/'))
        return make_key(origin.substr(0, colon), origin.substr(colon + 3), location, query);
    if (location.empty()) return {};
    // Relative to the last segment of the path.
    auto const path = key.substr(0, key.find('?'));
    std::string target(path.substr(origin.size(), path.rfind('/') + 1 - origin.size()));
    target += location;
    return make_key(origin.substr(0, colon), origin.substr(colon + 3), target, query);
}

}  // namespace grover::gateway::cache
