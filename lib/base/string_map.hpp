// A hash map by text that is looked up with a string_view, without making a string of it first.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace grover {

struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>()(text);
    }
};

template <class T>
using StringMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

}  // namespace grover
