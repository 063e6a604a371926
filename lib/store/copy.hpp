// Moves a store's documents to another store, whatever their engines: ./grover migrate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/document_store.hpp"

namespace grover::store {

struct CopiedCollection {
    std::string name;
    std::int64_t documents = 0;
    std::string hash;  // SHA-256 over ids, versions and bodies, in order of id
};

/// Copies what is not there yet, versions included, then reads both stores whole and compares. Run
/// again after an interruption it goes on. Nobody else may write to either meanwhile. Throws
/// std::runtime_error when `to` holds other documents than `from` in the end.
Task<std::vector<CopiedCollection>> copy_all(DocumentStore& from, DocumentStore& to,
                                             Schema const& schema);

}  // namespace grover::store
