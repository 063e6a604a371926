#include "http/fields.hpp"

#include <algorithm>

#include "http/message.hpp"

namespace grover::http {

std::string_view trim(std::string_view text) noexcept {
    auto const blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view next_member(std::string_view& rest, char separator) noexcept {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest.size(); ++end) {
        char const c = rest[end];
        if (c == separator && !quoted) break;
        if (c == '"') quoted = !quoted;
        if (c == '\\' && quoted) ++end;
    }
    end = std::min(end, rest.size());
    auto const member = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    return trim(member);
}

bool has_member(std::string_view list, std::string_view token) noexcept {
    while (!list.empty())
        if (same_token(next_member(list), token)) return true;
    return false;
}

bool is_json(std::string_view content_type) noexcept {
    auto rest = content_type;
    auto const type = next_member(rest, ';');
    auto const plus = type.rfind('+');
    bool const json = same_token(type, "application/json") ||
                      (type.starts_with("application/") && plus != std::string_view::npos &&
                       same_token(type.substr(plus), "+json"));
    if (!json) return false;
    while (!rest.empty()) {
        auto parameter = next_member(rest, ';');
        auto const name = next_member(parameter, '=');
        if (parameter.size() >= 2 && parameter.starts_with('"') && parameter.ends_with('"'))
            parameter = parameter.substr(1, parameter.size() - 2);
        if (same_token(name, "charset") && !same_token(parameter, "utf-8")) return false;
    }
    return true;
}

bool etag_matches(std::string_view list, std::string_view etag) noexcept {
    auto const opaque = [](std::string_view tag) {
        return tag.starts_with("W/") ? tag.substr(2) : tag;
    };
    while (!list.empty()) {
        auto const tag = next_member(list);
        if (tag == "*" || opaque(tag) == opaque(etag)) return true;
    }
    return false;
}

}  // namespace grover::http
