// Values of single header fields.
#pragma once

#include <string_view>

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
