// What a header field must be in HTTP/2, whoever sends it (RFC 9113 section 8.2). nghttp2 looks at
// most of it; what another reader might understand in another way is looked at again.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::http::h2 {

/// What SETTINGS_MAX_HEADER_LIST_SIZE counts beside name and value (RFC 9113 section 6.5.2).
inline constexpr std::size_t field_overhead_bytes = 32;

inline bool is_lower_token(std::string_view name) {
    return is_token(name) &&
           std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

inline bool is_trimmed(std::string_view value) {
    return trimmed(value).size() == value.size();
}

/// RFC 9113 section 8.2.2.
inline bool concerns_connection(std::string_view name, std::string_view value) {
    constexpr std::array<std::string_view, 5> names{"connection", "keep-alive", "proxy-connection",
                                                    "transfer-encoding", "upgrade"};
    if (name == "te") return !same_token(value, "trailers");
    return std::ranges::find(names, name) != names.end();
}

}  // namespace grover::http::h2
