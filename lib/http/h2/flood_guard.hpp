// Counts the frames with which a client makes a server work for nothing (RFC 9113 section 10.5):
// each kind has an allowance that comes back with time, and who overdraws one is sent away with
// ENHANCE_YOUR_CALM.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace grover::http::h2 {

enum class Flood : std::uint8_t {
    resets,          // requests given up, or made to fail: CVE-2023-44487, CVE-2025-8671
    continuations,   // a header block without an end: CVE-2024-27316
    pings,           // CVE-2019-9512
    settings,        // CVE-2019-9515
    empty_frames,    // CVE-2019-9518
    priorities,      // CVE-2019-9513
    window_updates,  // CVE-2019-9511
    fields,          // beyond what a header list may have: CVE-2016-6581
};
inline constexpr std::size_t floods = 8;

/// "resets", ...: for metrics and logs.
std::string_view name_of(Flood flood) noexcept;

/// What a frame of this type (RFC 9113 section 6) counts as whatever is in it; nothing for those
/// that bring something, and for RST_STREAM, which means another thing to each side.
std::optional<Flood> flood_of(std::uint8_t frame_type) noexcept;

/// Of one connection. Time is an argument.
class FloodGuard {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit FloodGuard(TimePoint now) noexcept;

    /// One more of them. False when that is one too many.
    bool take(Flood kind, TimePoint now) noexcept;
    /// A header block begins, which may go on in CONTINUATION frames.
    void begin_block() noexcept { continuations_ = 0; }
    /// A DATA frame was sent: window updates answer it.
    void sent_data() noexcept;

private:
    struct Allowance {
        double left;
        TimePoint at;
    };
    std::array<Allowance, floods> allowances_;
    std::size_t continuations_ = 0;
};

}  // namespace grover::http::h2
