// The engine for more than one machine: a MongoDB replica set or sharded cluster.
//
//     auto store = store::open_mongo({.url = Secret("mongodb://db1,db2,db3/?replicaSet=grover"),
//                                     .database = "grover_posts", .schema = schema});
//
// libmongoc blocks, so every operation has a stack of its own on its caller's loop and leaves it
// while it waits (mongo/worker.hpp), with one of a bounded number of clients; how many may wait for
// one is bounded too (limits::store_queue_max), and what waited longer than an operation may take
// is refused without asking the server. A caller waits until its
// deadline (net/deadline.hpp) and the server is told what is left of it; whoever gave up leaves an
// operation that owns what it works on. So a database that is slow or gone costs those who need it
// their time and everybody else nothing.
//
// Every write is acknowledged by a majority, journalled; reads are of what a majority has. How
// batches become transactions: mongo/change.hpp. How documents lie: mongo/layout.hpp.
// Operators read docs/mongodb.md.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/config.hpp"
#include "base/limits.hpp"
#include "base/secret.hpp"
#include "store/document_store.hpp"

namespace grover::store {

struct MongoOptions {
    Secret url = {};
    std::string database = {};
    Schema schema = {};
    std::size_t connections = limits::store_connections_default;
    /// Take a server that is no replica set and has no transactions. Batches of several writes are
    /// then undone when one is rejected, but a crash may leave half of one, and readers may see it.
    bool standalone = false;
    /// Say which index serves a query. Off for servers that take a hint for an order to walk all of
    /// it.
    bool hints = true;
    std::chrono::milliseconds operation_time = limits::store_time_max;
    std::chrono::milliseconds search_time = limits::search_time_max;
};

/// Connects and makes the indexes that are missing; those that are no longer declared stay. Throws
/// ConfigError with one line for the operator: no server there, wrong password, a standalone or too
/// old server, an index that cannot be made. The line never shows the URL's user or password.
/// Throws std::logic_error for a schema that makes no sense.
///
/// The destructor waits for operations under way, and ends those whose loop runs no more: destroy
/// the store before the loops that its callers run on.
std::unique_ptr<DocumentStore> open_mongo(MongoOptions options);

}  // namespace grover::store
