// Character classes of RFC 9110 and 9112.
#pragma once

#include <array>
#include <string_view>

namespace grover::http {

inline constexpr auto token_characters = [] {
    std::array<bool, 256> table{};
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

constexpr bool is_token_character(char c) noexcept {
    return token_characters[static_cast<unsigned char>(c)];
}

/// A field name or a method: not empty.
constexpr bool is_token(std::string_view text) noexcept {
    for (char const c : text)
        if (!is_token_character(c)) return false;
    return !text.empty();
}

/// What may stand in a field value: everything but CTLs, HTAB excepted.
constexpr bool is_value_character(char c) noexcept {
    auto const byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

constexpr bool is_value(std::string_view text) noexcept {
    // Without a branch for each byte, so that the compiler takes many at a time.
    bool good = true;
    for (char const c : text) good &= is_value_character(c);
    return good;
}

/// Without blanks and tabs around it.
constexpr std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// -1 for what is no hex digit.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    char const lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace grover::http
