#include "http/h2/flood_guard.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "base/limits.hpp"

namespace grover::http::h2 {
namespace {

struct Rule {
    std::string_view name;
    double max;
    double per_second;
};

constexpr std::array<Rule, floods> rules{{
    {"resets", limits::http2_resets_max, limits::http2_resets_per_second},
    {"continuations", 0, 0},  // counted per header block
    {"pings", limits::http2_pings_max, limits::http2_pings_per_second},
    {"settings", limits::http2_settings_max, limits::http2_settings_per_second},
    {"empty_frames", limits::http2_empty_frames_max, limits::http2_empty_frames_per_second},
    {"priorities", limits::http2_priorities_max, limits::http2_priorities_per_second},
    {"window_updates", limits::http2_window_updates_max, limits::http2_window_updates_per_second},
    {"fields", limits::http2_fields_max, limits::http2_fields_per_second},
}};
constexpr double window_updates_per_data_frame = 2;  // of the stream, and of the connection

constexpr std::size_t index(Flood kind) noexcept {
    return static_cast<std::size_t>(kind);
}

}  // namespace

std::string_view name_of(Flood flood) noexcept {
    return rules[index(flood)].name;
}

std::optional<Flood> flood_of(std::uint8_t frame_type) noexcept {
    switch (frame_type) {
        case NGHTTP2_CONTINUATION:
            return Flood::continuations;
        case NGHTTP2_PING:
            return Flood::pings;
        case NGHTTP2_SETTINGS:
            return Flood::settings;
        case NGHTTP2_PRIORITY:
            return Flood::priorities;
        case NGHTTP2_WINDOW_UPDATE:
            return Flood::window_updates;
        default:
            return {};
    }
}

FloodGuard::FloodGuard(TimePoint now) noexcept {
    for (std::size_t i = 0; i < floods; ++i) allowances_[i] = {rules[i].max, now};
}

bool FloodGuard::take(Flood kind, TimePoint now) noexcept {
    if (kind == Flood::continuations) return ++continuations_ <= limits::http2_continuations_max;
    auto const& rule = rules[index(kind)];
    auto& [left, at] = allowances_[index(kind)];
    if (left < rule.max) {
        auto const passed = std::chrono::duration<double>(now - at).count();
        left = std::min(rule.max, left + passed * rule.per_second);
    }
    at = now;
    left -= 1;
    return left >= 0;
}

void FloodGuard::sent_data() noexcept {
    // Above the usual maximum: a client that downloads fast may answer late.
    allowances_[index(Flood::window_updates)].left += window_updates_per_data_frame;
}

}  // namespace grover::http::h2
