// The scalar types of the configuration beside numbers, text and std::chrono durations.
#pragma once

#include <cstdint>

namespace grover::gateway::config {

/// A size: "512", "64KiB", "10MB".
struct Bytes {
    std::uint64_t count = 0;
    constexpr bool operator==(Bytes const&) const = default;
};

/// A share between 0 and 1: "0.2" or "20%".
struct Ratio {
    double value = 0;
    constexpr bool operator==(Ratio const&) const = default;
};

namespace literals {

constexpr Bytes operator""_KiB(unsigned long long count) {
    return {count << 10};
}
constexpr Bytes operator""_MiB(unsigned long long count) {
    return {count << 20};
}

}  // namespace literals
}  // namespace grover::gateway::config
