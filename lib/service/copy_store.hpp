// The store of a service: opened to be served from, or, by --copy-store of a service that is not
// running, to move its data from one engine to the other for ./grover migrate.
#pragma once

#include <memory>
#include <string_view>

#include "service/about.hpp"
#include "store/open.hpp"

namespace grover::service {

/// As store::open(), to serve from it. Throws ConfigError also for half of a copy that was
/// interrupted.
std::unique_ptr<store::DocumentStore> open_store(store::Place const& place, store::Schema schema);

/// `direction` is sqlite-to-mongo or mongo-to-sqlite, between the two that `place` names. Prints a
/// line for each collection: documents, and a hash that both sides have. The program's exit status.
/// Throws ConfigError for what the operator can mend, std::runtime_error when the sides differ.
int copy_store(About const& about, store::Schema const& schema, store::Place const& place,
               std::string_view direction);

}  // namespace grover::service
