// What a Patch does to a document: the same for every engine that does it by itself.
#pragma once

#include "store/document_store.hpp"

namespace grover::store {

/// Throws std::logic_error for a patch of "_id", of one member twice, or with an `only_if` that is
/// not made of equalities.
void check_patch(Patch const& patch);
void check_condition(Filter const& only_if);

/// Applies `set`, then `inc`. Throws std::logic_error, with `body` half changed, when a dotted name
/// leads through what is no object or `inc` finds what is no number or leaves the range of int64.
void apply_patch(Patch const& patch, json::object& body);

}  // namespace grover::store
