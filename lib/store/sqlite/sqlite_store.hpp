// The embedded engine: one SQLite file per store, nothing to install.
//
//     auto store = store::open_sqlite({.file = data_dir / "posts.db", .schema = schema});
//
// Writes: one thread takes what has queued up since the last commit and commits it as one
// transaction, so one fsync serves all writers of the moment; answers leave after it. Reads: on the
// calling thread, on a connection that nobody else uses meanwhile. How it is laid out in the file:
// sqlite/layout.hpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/limits.hpp"
#include "store/document_store.hpp"

namespace grover::store {

struct SqliteOptions {
    /// Made, with its folder, when it is not there. Next to it: -wal, -shm and .lock.
    std::filesystem::path file;
    Schema schema;
    /// For expires_field.
    Clock clock = system_now;
    std::chrono::milliseconds expiry_period = std::chrono::seconds(5);
    /// A search that takes longer is given up: Error (gateway_timeout).
    std::chrono::milliseconds search_time = limits::search_time_max;
};

/// Opens or makes the file and brings it to `schema`: new indexes are built, dropped ones removed;
/// documents of collections that are no longer declared stay. Throws ConfigError with one line for
/// the operator when the file cannot be used: folder not writable, disk full, in use by another
/// process, not a Grover store, damaged, written by a newer version (the file is left as it is).
/// Throws std::logic_error for a schema that makes no sense.
///
/// The destructor commits what is queued and answers it: destroy the store before the loops that
/// its callers run on, when no read is under way.
std::unique_ptr<DocumentStore> open_sqlite(SqliteOptions options);

}  // namespace grover::store
