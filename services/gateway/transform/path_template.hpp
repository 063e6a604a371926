// Texts with names in braces that the request fills in: "/v2/posts/{post_id}".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grover::gateway {

/// Cuts the first segment, without its slash, off `rest`, which begins with one.
std::string_view next_segment(std::string_view& rest) noexcept;

/// A segment without its escapes: `room` holds it where it has any. Empty for one that is broken.
std::string_view unescaped(std::string_view segment, std::string& room);

/// What the names of a route's path stand for in a request, percent-encoded as they came: {id},
/// and {**} for what "/**" took, with its slash.
using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

/// Those of `path`, which the pattern fits; nothing where it does not.
std::optional<Parameters> bind_path(std::string_view pattern, std::string_view path);

/// A value of Parameters where it must not be more than a value, in a query or a list: decoded and
/// encoded again, so that nothing but unreserved characters and '/' stands for itself.
std::string plain_value(std::string_view value);

/// "posts/{id}" with every name replaced by what `value_of` says; what is not in braces stays.
std::string fill(std::string_view text,
                 std::function<std::string(std::string_view name)> const& value_of);
/// With those of `parameters`, as they came; other braces stay as they are.
std::string fill(std::string_view text, Parameters const& parameters);
/// The same with plain_value() of each.
std::string fill_plain(std::string_view text, Parameters const& parameters);
/// The names in braces.
std::vector<std::string> names_in(std::string_view text);

}  // namespace grover::gateway
