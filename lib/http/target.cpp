#include "http/target.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace grover::http {

namespace {

/// Nothing needs a closer look: no escape, no backslash, no segment that is empty or begins with a
/// dot. Without a branch for each byte, so that the compiler takes many at a time.
bool is_plain(std::string_view path) noexcept {
    bool good = true;
    char before = 0;
    for (char const c : path) {
        good &= (c != '%') & (c != '\\') & ((before != '/') | ((c != '/') & (c != '.')));
        before = c;
    }
    return good;
}

/// The byte at `at`, where `at` moves over an escape to its last character; -1 for a broken one.
int unescaped(std::string_view path, std::size_t& at) noexcept {
    if (path[at] != '%') return static_cast<unsigned char>(path[at]);
    if (path.size() - at < 3) return -1;
    auto const high = hex_value(path[at + 1]), low = hex_value(path[at + 2]);
    at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string_view ambiguity_of_escaped(std::string_view path) noexcept {
    constexpr std::string_view of_dots = "the path has a segment of dots";
    std::size_t dots = 0, others = 0;  // of the segment
    auto const is_dots = [&] { return others == 0 && (dots == 1 || dots == 2); };
    for (std::size_t at = 0; at < path.size(); ++at) {
        bool const escaped = path[at] == '%';
        auto const byte = unescaped(path, at);
        if (byte < 0) return "an escape of the path is broken";
        if (byte == '\\' || byte == 0 || (byte == '/' && escaped))
            return "the path has a backslash, or an escaped separator";
        if (byte == '/') {
            if (is_dots()) return of_dots;
            if (at > 0 && dots + others == 0) return "the path has an empty segment";
            dots = others = 0;
        } else if (byte == '.') {
            ++dots;
        } else if (byte == ';' && is_dots()) {
            return of_dots;  // Some take what follows for parameters of the segment.
        } else {
            ++others;
        }
    }
    return is_dots() ? of_dots : std::string_view();
}

}  // namespace

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

std::string_view ambiguity_of(std::string_view path) noexcept {
    return is_plain(path) ? std::string_view() : ambiguity_of_escaped(path);
}

}  // namespace grover::http
