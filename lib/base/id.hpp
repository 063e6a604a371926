// Identifiers as types: a UserId does not convert into a PostId, and a bare string into neither.
//
//     using PostId = Id<"post">;
//     PostId id = PostId::make(now);      // post_01JD8Y4M7Q2V9X3K5N6P8R0S1T
//
// New ids are the prefix, "_" and a ULID (github.com/ulid/spec): 48 bits of milliseconds and 80
// random bits in Crockford's base32, so ids of one kind sort by the time they were made; within one
// process strictly so.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/fixed_string.hpp"

namespace grover {

/// 26 characters; later calls in this process sort after earlier ones. Thread-safe.
std::string make_ulid(Timestamp now);

/// The 128 bits of a ULID as make_ulid() writes it, the upper half first; nothing for any other
/// text.
using Ulid = std::array<std::uint64_t, 2>;
std::optional<Ulid> parse_ulid(std::string_view text) noexcept;
std::string print_ulid(Ulid const& ulid);

/// True for [A-Za-z0-9_-]{1,64}: every id that the API accepts. Older systems' ids have other
/// shapes than ours.
bool is_valid_id(std::string_view text) noexcept;

template <FixedString Prefix>
class Id {
public:
    static constexpr std::string_view prefix = Prefix.view();

    Id() = default;

    static Id make(Timestamp now) { return Id(std::string(prefix) + '_' + make_ulid(now)); }
    static std::optional<Id> parse(std::string_view text) {
        if (!is_valid_id(text)) return {};
        return Id(std::string(text));
    }
    /// For text that is known to be good: stored documents, tests.
    static Id trusted(std::string text) { return Id(std::move(text)); }

    std::string const& str() const noexcept { return value_; }
    bool empty() const noexcept { return value_.empty(); }
    auto operator<=>(Id const&) const = default;

private:
    explicit Id(std::string value) : value_(std::move(value)) {}
    std::string value_;
};

}  // namespace grover

template <grover::FixedString Prefix>
struct std::hash<grover::Id<Prefix>> {
    std::size_t operator()(grover::Id<Prefix> const& id) const noexcept {
        return std::hash<std::string>{}(id.str());
    }
};
