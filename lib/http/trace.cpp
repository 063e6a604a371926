#include "http/trace.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "http/characters.hpp"

namespace grover::http {
namespace {

constexpr std::size_t request_id_bytes_max = 64;

bool is_id_character(char c) {
    char const lower = static_cast<char>(c | 0x20);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '_' || c == '-';
}

/// Lower-case hex digits that are not all zero.
bool is_trace_part(std::string_view text) {
    bool const hex =
        std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
    return hex && text.find_first_not_of('0') != text.npos;
}

/// version "-" trace-id "-" parent-id "-" flags; later versions may append more after a "-".
bool is_traceparent(std::string_view text) {
    if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    auto const version = text.substr(0, 2);
    if (hex_value(version[0]) < 0 || hex_value(version[1]) < 0 || version == "ff") return false;
    if (version == "00" ? text.size() != 55 : text.size() > 55 && text[55] != '-') return false;
    return is_trace_part(text.substr(3, 32)) && is_trace_part(text.substr(36, 16));
}

}  // namespace

std::string request_id(std::string_view offered) {
    bool const good = !offered.empty() && offered.size() <= request_id_bytes_max &&
                      std::ranges::all_of(offered, is_id_character);
    return good ? std::string(offered) : random_hex(16);
}

TraceContext trace_context(std::string_view traceparent) {
    return {is_traceparent(traceparent) ? std::string(traceparent.substr(3, 32)) : random_hex(16),
            random_hex(8)};
}

std::string traceparent(std::string_view trace_id, std::string_view span_id) {
    std::string out = "00-";
    out += trace_id;
    out += '-';
    out += span_id;
    out += "-01";
    return out;
}

}  // namespace grover::http
