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

}  // namespace grover::http
