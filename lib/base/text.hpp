// Free text with bounds: Text<1, 100> is a string of 1 to 100 Unicode code points, checked where it
// enters.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace grover {

/// The bound is the type: the decoder checks it and OpenAPI shows it. Code points, not bytes; NUL
/// is refused.
template <std::size_t Min, std::size_t Max>
struct Text {
    static constexpr std::size_t min_length = Min;
    static constexpr std::size_t max_length = Max;

    std::string value;

    bool empty() const noexcept { return value.empty(); }
    std::string const& str() const noexcept { return value; }
    auto operator<=>(Text const&) const = default;
};

}  // namespace grover
