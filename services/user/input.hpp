// What people type, made into what is stored, or refused. Pure functions; every limit is in code
// points unless it says bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grover::user {

/// Without blanks (Unicode's White_Space) at both ends.
std::string_view trimmed(std::string_view text) noexcept;

/// True for text with a control character (C0, DEL, C1), line breaks included.
bool has_controls(std::string_view text) noexcept;

/// The address without blanks around it. Nothing for what is not local@domain.tld: dot-atoms (RFC
/// 5322) with non-ASCII letters allowed (RFC 6531), no quoted or bracketed forms, 64 bytes before
/// and 254 in all.
std::optional<std::string> checked_email(std::string_view text);

/// Under which an address is unique: without case.
std::string email_key(std::string_view email);

/// A web address (http, https) of a public-looking host: "example.org/me" becomes
/// "https://example.org/me". Nothing for another scheme, a user name in it, or a host without a
/// dot; at most 2,048 bytes.
std::optional<std::string> checked_website(std::string_view text);

/// An http or https address, or a path on this server ("/api/media/..."); at most 2,048 bytes.
std::optional<std::string> checked_picture(std::string_view text);

/// A person's name as a login provider tells it: trimmed, controls turned to blanks, cut to 100.
/// Where nothing is left, the part of `email` before the "@".
std::string name_from_provider(std::string_view name, std::string_view email);

}  // namespace grover::user
