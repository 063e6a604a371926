// Changes of a small JSON document by JSON pointer.
#pragma once

#include <boost/json/value.hpp>

#include "gateway/transform/settings.hpp"

namespace grover::gateway {

/// A change that does not apply changes nothing.
void apply(JsonChanges const& changes, boost::json::value& document);

}  // namespace grover::gateway
