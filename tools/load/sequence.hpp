// Numbers that look random and are the same for the same seed on every machine: SplitMix64
// (Steele, Lea and Flood, 2014; public domain code by Vigna).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace grover::load {

class Sequence {
public:
    explicit Sequence(std::uint64_t seed) : state_(seed) {}
    /// A sequence of its own for each `purpose` under one seed.
    Sequence(std::uint64_t seed, std::uint64_t purpose) : state_(seed) {
        state_ = next() ^ (purpose * 0x9e3779b97f4a7c15);
    }

    std::uint64_t next() noexcept {
        auto z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// 0..limit-1; `limit` is not 0. The bias of the remainder is below 2^-32 for what is played.
    std::size_t below(std::size_t limit) noexcept {
        return static_cast<std::size_t>(next() % limit);
    }
    /// Fisher and Yates.
    template <class T>
    void shuffle(std::vector<T>& items) noexcept {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

private:
    std::uint64_t state_;
};

}  // namespace grover::load
