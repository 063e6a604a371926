// A keyed hash of bytes that come from outside: who does not know the key cannot choose two inputs
// that meet in one slot of a table, nor hit somebody else's.
//
// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; 1-3 is what Rust
// and Python use for their tables). About 1 ns per 8 bytes and 10 ns for the rest. Not a MAC: use
// auth/ for what must not be forged.
#pragma once

#include <cstdint>
#include <string_view>

namespace grover {

class SipHash {
public:
    /// The same key gives the same hashes: in every process that must agree on them.
    constexpr SipHash(std::uint64_t key0, std::uint64_t key1) noexcept : key0_(key0), key1_(key1) {}
    /// A key that nobody knows, from the kernel.
    static SipHash with_random_key();

    std::uint64_t operator()(std::string_view bytes) const noexcept;

private:
    std::uint64_t key0_;
    std::uint64_t key1_;
};

}  // namespace grover
