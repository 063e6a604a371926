// From a checked query (store/plan.hpp) to what find, count and aggregate take.
//
// A page after a cursor is an $or at the top of the filter, one branch for each place where a later
// document may differ first from the cursor: every branch is a range in the same index, and the
// server merges them in order (SORT_MERGE). MongoDB's ranges stay within a kind, as ours do; what
// sorts after a number is so one branch per kind.
#pragma once

#include <span>

#include "store/mongo/layout.hpp"
#include "store/plan.hpp"
#include "store/search_terms.hpp"

namespace grover::store::mongo {

/// All conditions hold.
void append_filter(bson_t* out, Filter const& filter);

/// The command "find" without its hint. False when nothing can match.
bool append_find(bson_t* command, Plan const& plan, Query const& query);
/// The command "find" of the documents with these ids; a router is told the shards that the ids
/// tell.
void append_find(bson_t* command, CollectionLayout const& c, std::span<std::string const> ids,
                 bool at_router);

/// The command "aggregate" that counts, without its hint. Its one document has the number as "n".
void append_count(bson_t* command, Query const& query);

/// `hint`, where one index serves the query in one walk: else the server may walk another one in
/// the order that is asked for, past whatever lies between.
void append_hint(bson_t* options, Plan const& plan);

/// Leaves out what only the engine looks at.
void append_projection(bson_t* options);

/// The stages of a search: match, rank, order, page.
void append_search(bson_t* pipeline, std::vector<SearchTerm> const& terms, Search const& search);

}  // namespace grover::store::mongo
