#include "http/fields.hpp"

#include "http/message.hpp"

namespace grover::http {
namespace {

std::string_view trim(std::string_view text) {
    auto const blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view next_part(std::string_view& rest, char separator) {
    auto const end = rest.find(separator);
    auto const part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return trim(part);
}

}  // namespace

bool is_json(std::string_view content_type) noexcept {
    auto rest = content_type;
    auto const type = next_part(rest, ';');
    auto const plus = type.rfind('+');
    bool const json = same_token(type, "application/json") ||
                      (type.starts_with("application/") && plus != std::string_view::npos &&
                       same_token(type.substr(plus), "+json"));
    if (!json) return false;
    while (!rest.empty()) {
        auto parameter = next_part(rest, ';');
        auto const name = next_part(parameter, '=');
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
        auto const tag = next_part(list, ',');
        if (tag == "*" || opaque(tag) == opaque(etag)) return true;
    }
    return false;
}

}  // namespace grover::http
