// What a request is for, as text: hosts and targets (RFC 9110 section 7.1, RFC 3986 section 3.2.2).
#pragma once

#include <string_view>

namespace grover::http {

/// reg-name, IP-literal and port, by their characters; not empty.
bool is_host(std::string_view text) noexcept;
/// A target of any form, by its characters: everything else must be percent-encoded. Not empty.
bool is_target(std::string_view text) noexcept;
/// Why two servers may take `path` for different ones, empty when they do not: some resolve dots
/// (RFC 3986 section 5.2.4), before or after they decode escapes, merge slashes, or take '\\' for
/// one. What is judged by a path, as access is, must not depend on that. O(path).
std::string_view ambiguity_of(std::string_view path) noexcept;

}  // namespace grover::http
