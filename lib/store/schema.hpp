// What every engine asks of a schema, so that one that works on one engine works on the others.
#pragma once

#include "store/document_store.hpp"

namespace grover::store {

/// Throws std::logic_error naming what is wrong: names are [a-z][a-z0-9_]{0,62}, none twice, an
/// index has 1 to 8 fields and does not name "_id", which ends every index anyway.
void check(Schema const& schema);

}  // namespace grover::store
