// Points in time as the API shows them, and the clock that makes them.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace grover {

/// Milliseconds since the Unix epoch, UTC. In JSON an RFC 3339 string with milliseconds and `Z`,
/// which also sorts as text.
struct Timestamp {
    std::int64_t ms = 0;

    auto operator<=>(Timestamp const&) const = default;
    Timestamp operator+(std::chrono::milliseconds d) const { return {ms + d.count()}; }
    Timestamp operator-(std::chrono::milliseconds d) const { return {ms - d.count()}; }
    std::chrono::milliseconds operator-(Timestamp other) const {
        return std::chrono::milliseconds(ms - other.ms);
    }

    /// "2026-11-22T10:19:05.123Z".
    std::string to_string() const;
    /// RFC 3339 with any offset and fraction; nothing for text that is not one, or a year outside
    /// 0001..9999.
    static std::optional<Timestamp> parse(std::string_view text);
};

/// Where the time comes from; tests put their own in. Copyable, thread-safe when the function is.
using Clock = std::function<Timestamp()>;

/// The system's clock.
Timestamp system_now();

}  // namespace grover
