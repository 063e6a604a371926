// Which service answers which path: contract section 7 as data. Start here.
#pragma once

#include <cstdint>
#include <string_view>

namespace grover::gateway {

/// In the order of /health/services.
enum class Target : std::uint8_t { user, post, media, payment, notification };
inline constexpr std::size_t targets = 5;

/// "user", "post", ...: as in /health/services.
std::string_view name_of(Target target) noexcept;

struct Row {
    std::string_view
        pattern;  // "*" stands for one segment; whatever follows the pattern belongs to it too
    Target target;
};

/// The row for a path ("/api/v1" is "/api"); null when no service has it. A few comparisons, no
/// allocation.
Row const* find_row(std::string_view path) noexcept;

}  // namespace grover::gateway
