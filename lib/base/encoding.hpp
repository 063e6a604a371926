// Text forms of bytes, and UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grover {

std::string to_hex(std::string_view bytes);
/// Base64url without padding, RFC 4648 section 5.
std::string to_base64url(std::string_view bytes);
/// Nothing for text with padding, a foreign character or an impossible length.
std::optional<std::string> from_base64url(std::string_view text);
/// Base64 with padding, RFC 4648 section 4.
std::string to_base64(std::string_view bytes);

/// Percent-decodes one path segment or query part (RFC 3986); "+" becomes a space when
/// `plus_is_space`. Nothing for a broken escape or for bytes that are not UTF-8 afterwards.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);

/// How many bytes at the front are ASCII that JSON has as it is: no control character, no quote, no
/// backslash. Eight at a time; what is written is nearly always nothing else.
std::size_t plain_prefix(std::string_view text) noexcept;

bool is_valid_utf8(std::string_view text) noexcept;
/// Code points of valid UTF-8.
std::size_t utf8_length(std::string_view text) noexcept;
/// The first `max` code points of valid UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t max) noexcept;

}  // namespace grover
