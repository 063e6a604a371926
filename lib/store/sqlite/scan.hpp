// Runs a plan on a connection: finds which documents, without reading any.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "store/plan.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/layout.hpp"

namespace grover::store::sqlite {

/// The _ref of the documents that a find returns, in order.
std::vector<std::int64_t> find_refs(Connection& connection, Plan const& plan, std::size_t skip,
                                    std::size_t limit);

std::int64_t count_matches(Connection& connection, Plan const& plan);

/// The "_id" of up to `limit` documents that match, in no particular order.
std::vector<std::string> matching_ids(Connection& connection, Plan const& plan, std::size_t limit);

/// The SQL of one segment, for the tests that look at SQLite's own plan of it.
std::string segment_sql(Plan const& plan, Segment const& segment, std::string_view columns);

}  // namespace grover::store::sqlite
