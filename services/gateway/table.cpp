#include "gateway/table.hpp"

#include <array>

namespace grover::gateway {
namespace {

/// The first row that fits wins, so the special comes before the general.
constexpr std::array rows{
    Row{"/api/auth", Target::user},         Row{"/api/users/*/posts", Target::post},
    Row{"/api/users", Target::user},        Row{"/api/discover/suggested-users", Target::user},
    Row{"/api/discover", Target::post},     Row{"/api/search/users", Target::user},
    Row{"/api/search", Target::post},       Row{"/api/posts", Target::post},
    Row{"/api/comments", Target::post},     Row{"/api/mentions", Target::post},
    Row{"/api/trending", Target::post},     Row{"/api/media", Target::media},
    Row{"/api/payments", Target::payment},  Row{"/api/notifications", Target::notification},
    Row{"/api/push", Target::notification},
};

/// Cuts the first segment, without its slash, off `rest`.
std::string_view next_segment(std::string_view& rest) noexcept {
    rest.remove_prefix(1);
    auto const segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    return segment;
}

bool fits(std::string_view pattern, std::string_view path) noexcept {
    while (!pattern.empty()) {
        if (path.empty()) return false;
        auto const wanted = next_segment(pattern), segment = next_segment(path);
        if (wanted != segment && (wanted != "*" || segment.empty())) return false;
    }
    return true;
}

}  // namespace

std::string_view name_of(Target target) noexcept {
    constexpr std::array<std::string_view, targets> names{"user", "post", "media", "payment",
                                                          "notification"};
    return names[static_cast<std::size_t>(target)];
}

Row const* find_row(std::string_view path) noexcept {
    constexpr std::string_view versioned = "/api/v1/";
    if (!path.starts_with("/api/")) return nullptr;
    // "/api/v1/posts" without its version: compare what follows "/api" alone.
    path.remove_prefix(path.starts_with(versioned) ? versioned.size() - 1 : 4);
    for (auto const& row : rows)
        if (fits(row.pattern.substr(4), path)) return &row;
    return nullptr;
}

}  // namespace grover::gateway
