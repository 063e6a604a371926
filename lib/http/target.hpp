// What a request is for, as text: hosts and targets (RFC 9110 section 7.1, RFC 3986 section 3.2.2).
#pragma once

#include <string_view>

namespace grover::http {

/// reg-name, IP-literal and port, by their characters; not empty.
bool is_host(std::string_view text) noexcept;
/// A target of any form, by its characters: everything else must be percent-encoded. Not empty.
bool is_target(std::string_view text) noexcept;

}  // namespace grover::http
