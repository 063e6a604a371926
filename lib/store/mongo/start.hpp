// What is found out and done once, when a store is opened.
#pragma once

#include "store/mongo/connection.hpp"
#include "store/mongo/layout.hpp"

namespace grover::store::mongo {

enum class Standalone { refuse, accept };

/// Looks at what answers at the URL and makes the indexes that are missing; one that takes longer
/// than an operation may is waited for on a connection of its own. Throws ConfigError with one line
/// for the operator.
void start(Pool& pool, Pool::Options options, Layout const& layout, Standalone standalone);

}  // namespace grover::store::mongo
