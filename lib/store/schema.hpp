// What every engine asks of a schema, so that one that works on one engine works on the others.
#pragma once

#include "store/document_store.hpp"

namespace grover::store {

/// Throws std::logic_error naming what is wrong: names are [a-z][a-z0-9_]{0,62}, none twice, an
/// index has 1 to 8 fields and does not name "_id", which ends every index anyway.
void check(Schema const& schema);

/// The fields by which a collection is divided: those of the shortest index that begins with its
/// shard key, and "_id". Empty when it stays whole, or there is no such index.
std::vector<std::string> shard_fields(CollectionSpec const& collection);

}  // namespace grover::store
