// The values that can be compared: what engines index, and what filters look at. One order for all
// engines: null (or missing) < numbers < strings (by bytes) < false < true.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include <boost/json.hpp>

#include "store/document_store.hpp"

namespace grover::store {

struct Null {
    bool operator==(Null const&) const = default;
};

/// Text is a view: whoever holds a Scalar keeps the JSON value it came from.
using Scalar = std::variant<Null, std::int64_t, double, std::string_view, bool>;

/// Nothing for an array or an object; Null for null and for a missing member (a null pointer).
std::optional<Scalar> scalar_of(json::value const* value);
inline std::optional<Scalar> scalar_of(json::value const& value) {
    return scalar_of(&value);
}

/// Numbers compare by value, whether whole or not.
std::weak_ordering compare(Scalar const& a, Scalar const& b);

/// True when both are numbers, both strings, both bools or both null: a range looks at values of
/// its own kind only.
bool same_kind(Scalar const& a, Scalar const& b);

/// True when all conditions hold for `body`. Arrays and objects equal only what is equal in depth.
bool matches(Filter const& filter, json::object const& body);

}  // namespace grover::store
