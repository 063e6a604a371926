// Directives for caches: Cache-Control of requests and answers (RFC 9111 section 5.2, RFC 5861) and
// the fields aimed at shared caches, CDN-Cache-Control (RFC 9213) and Surrogate-Control.
//
//     CacheControl control;
//     for (auto const& line : lines_of("Cache-Control")) control.add(line);
//     if (control.no_store) ...
//
// Reading is lenient where nothing is risked and suspicious where it would be: a lifetime that is
// not a number of seconds is 0, of two lifetimes the shorter counts, a quoted one counts, what is
// inside another directive's quotes does not. Unknown directives are passed over. No allocation but
// for field lists (no-cache="a, b").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grover::http {

/// Seconds of a directive: at most 2^31 (RFC 9111 section 1.2.2).
using DeltaSeconds = std::optional<std::uint32_t>;
inline constexpr std::uint32_t delta_seconds_max = 1u << 31;

/// A number of seconds as digits, quoted or not; nothing for anything else. What is larger than
/// delta_seconds_max is that.
DeltaSeconds parse_delta_seconds(std::string_view text) noexcept;

/// What an answer says.
struct CacheControl {
    bool present = false;  // there was a line at all
    bool no_store = false;
    bool no_cache = false;  // without field names
    bool is_private = false;
    bool is_public = false;
    bool must_revalidate = false;
    bool proxy_revalidate = false;
    bool must_understand = false;
    bool no_transform = false;
    DeltaSeconds max_age;
    DeltaSeconds s_maxage;
    DeltaSeconds stale_while_revalidate;
    DeltaSeconds stale_if_error;
    /// Fields that must not be reused from a stored answer: of no-cache="..." and private="...".
    std::vector<std::string> fields;

    /// One line of the field; several lines are one list.
    void add(std::string_view line);
};

/// What a request asks for.
struct RequestCacheControl {
    bool no_store = false;
    bool no_cache = false;
    bool only_if_cached = false;
    bool no_transform = false;
    DeltaSeconds max_age;
    DeltaSeconds min_fresh;
    DeltaSeconds max_stale;  // without a value: delta_seconds_max
    DeltaSeconds stale_if_error;

    void add(std::string_view line) noexcept;
};

/// A targeted field (RFC 9213 section 2.1): a dictionary of RFC 8941, all of it or nothing.
/// Parameters are passed over; a directive of the wrong type spoils the field. Nothing for an empty
/// field: the next field of the target list counts then.
std::optional<CacheControl> parse_targeted(std::string_view value);

/// Surrogate-Control ("Edge Architecture", W3C note 2001): Cache-Control's directives, each perhaps
/// aimed at one surrogate by its name ("max-age=60;front"). Those for others than `name` are passed
/// over. Nothing when no directive is left.
std::optional<CacheControl> parse_surrogate(std::string_view value, std::string_view name);

}  // namespace grover::http
