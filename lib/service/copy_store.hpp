// --copy-store of a service that is not running: its data from one engine to the other, for
// ./grover migrate.
#pragma once

#include <string_view>

#include "service/about.hpp"
#include "store/open.hpp"

namespace grover::service {

/// `direction` is sqlite-to-mongo or mongo-to-sqlite, between the two that `place` names. Prints a
/// line for each collection: documents, and a hash that both sides have. The program's exit status.
/// Throws ConfigError for what the operator can mend, std::runtime_error when the sides differ.
int copy_store(About const& about, store::Schema const& schema, store::Place const& place,
               std::string_view direction);

}  // namespace grover::service
