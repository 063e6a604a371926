// Values of single header fields.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace grover::http {

/// True for application/json and application/*+json without a charset or with charset=utf-8.
bool is_json(std::string_view content_type) noexcept;
/// True when an If-Match or If-None-Match value ("*", or a list of tags) has `etag`; weak tags
/// compare by their text.
bool etag_matches(std::string_view list, std::string_view etag) noexcept;

/// Without the blanks and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;
/// Cuts the first member off a list, without its separator and trimmed; a separator within a quoted
/// string is none. Members may be empty (RFC 9110 section 5.6.1).
std::string_view next_member(std::string_view& rest, char separator = ',') noexcept;
/// True when a list of tokens (Connection, Vary) has `token`; tokens compare without case.
bool has_member(std::string_view list, std::string_view token) noexcept;

/// The value of a list field that may stand in several lines, which mean one with commas between
/// them (RFC 9110 section 5.3); empty when there is none. `fields` are Headers::all() or a head's.
/// A copy is made, in `room`, only where there are several.
template <class Fields>
std::string_view list_of(Fields const& fields, std::string_view list, std::string& room) {
    std::string_view first;
    std::size_t lines = 0;
    for (auto const& [name, value] : fields) {
        if (!same_token(name, list)) continue;
        if (++lines == 1) {
            first = value;
            continue;
        }
        if (lines == 2) room = first;
        room.append(", ").append(value);
    }
    return lines > 1 ? std::string_view(room) : first;
}

/// Calls `use(name, value)` for each of some well-formed lines "Name: value\r\n".
template <class Use>
void for_each_field_line(std::string_view lines, Use use) {
    for (std::size_t end = 0; (end = lines.find("\r\n")) != lines.npos;
         lines.remove_prefix(end + 2)) {
        auto const line = lines.substr(0, end);
        auto const colon = line.find(':');
        if (colon != line.npos) use(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
}

}  // namespace grover::http
