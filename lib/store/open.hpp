// Which engine a store runs on: decided here, by the operator's settings, and nowhere above.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "store/document_store.hpp"

namespace grover::store {

struct Place {
    /// Of the embedded engine.
    std::string folder;
    /// Set: MongoDB instead, in `database`.
    Secret mongo_url = {};
    std::string database = {};
    std::size_t mongo_connections = limits::store_connections_default;
    bool mongo_standalone = false;
    bool mongo_hints = true;
};

/// Throws ConfigError with one line for the operator, std::logic_error for a schema that makes no
/// sense. Destroy the store before the loops that its callers run on.
std::unique_ptr<DocumentStore> open(Place const& place, Schema schema);

/// Whether there is a store of the embedded engine, which open() makes where there is none.
bool has_embedded(Place const& place);

/// How its operator divides the store over many servers, a line for each collection, as MongoDB's
/// shell (mongosh) takes them.
std::string shard_commands(Place const& place, Schema const& schema);

}  // namespace grover::store
