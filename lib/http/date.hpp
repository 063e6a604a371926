// Dates of header fields (RFC 9110 section 5.6.7): what is written is an IMF-fixdate, what is read
// may also be of the two obsolete forms.
//
//     parse_date("Sun, 06 Nov 1994 08:49:37 GMT")      784111777
//     parse_date("Sunday, 06-Nov-94 08:49:37 GMT")     784111777
//     parse_date("Sun Nov  6 08:49:37 1994")           784111777
//     parse_date("0")                                  nothing: an Expires of the past
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grover::http {

/// Seconds since the Unix epoch; nothing for text that is no date. Months and "GMT" compare without
/// case, the day of the week is not looked at. A two-digit year is the one at most 50 years ahead
/// of 2000 + yy (RFC 9110 asks for "not more than 50 years in the future"). No allocation.
std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

/// "Sun, 06 Nov 1994 08:49:37 GMT". Years 1970 to 9999.
std::string format_date(std::int64_t seconds);

}  // namespace grover::http
