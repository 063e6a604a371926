// Reads, on a connection: what the commands of mongo/query.hpp find.
//
// The driver's own cursors choose a server twice per query and copy its description each time, a
// third of what a small query costs. So a query is one command whose answer holds everything, and
// a cursor only where that does not fit.
#pragma once

#include "store/mongo/connection.hpp"
#include "store/mongo/layout.hpp"

namespace grover::store::mongo {

/// What a command "find" of the collection finds. Throws Failure.
std::vector<Document> find(Connection& connection, CollectionLayout const& collection,
                           Bson const& command, Deadline deadline);

/// "n" of the one document that a command "aggregate" makes; 0 where it makes none.
std::int64_t count(Connection& connection, Bson const& command, Deadline deadline);

/// What a cursor has left.
std::vector<Document> read_all(Cursor const& cursor);

}  // namespace grover::store::mongo
