#include "http/target.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace grover::http {

bool is_host(std::string_view text) noexcept {
    constexpr std::string_view marks = "-._~%!$&'()*+,;=:[]";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        char const lower = static_cast<char>(c | 0x20);
        return is_digit(c) || (lower >= 'a' && lower <= 'z') || marks.find(c) != marks.npos;
    });
}

bool is_target(std::string_view text) noexcept {
    // A fragment has no place in a request.
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace grover::http
