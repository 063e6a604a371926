// A string literal as a template argument: Id<"post">, Path<PostId, "post_id">.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace grover {

template <std::size_t N>
struct FixedString {
    char text[N]{};

    consteval FixedString(char const (&literal)[N]) {
        std::copy_n(literal, N, text);
    }  // NOLINT: implicit by design
    constexpr std::string_view view() const { return {text, N - 1}; }
    constexpr bool operator==(FixedString const&) const = default;
};

}  // namespace grover
