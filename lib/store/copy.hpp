// Moves a store's documents to another store, whatever their engines: ./grover migrate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/document_store.hpp"

namespace grover::store {

/// What was compared: all but what expires within minutes, which either engine may just have
/// removed. It is copied like the rest.
struct CopiedCollection {
    std::string name;
    std::int64_t documents = 0;
    std::string hash;  // SHA-256 over ids, versions and bodies, in order of id
};

/// Where the target of a copy says so until the copy is whole: beside the collections of its
/// service, in the schema of a store that is copied or served.
CollectionSpec copy_mark();

/// Whether the store is the target of a copy that is under way or was interrupted. It was opened
/// with copy_mark() in its schema.
Task<bool> is_half_copied(DocumentStore& store);

/// Copies into an empty store, or goes on where it was interrupted, versions included; then reads
/// both whole and compares. A target that holds something and is no half copy is compared only.
/// Nobody else may write to either meanwhile. Both were opened with `schema` and copy_mark().
/// Throws std::runtime_error when `from` is half copied, or `to` holds other documents in the end.
Task<std::vector<CopiedCollection>> copy_all(DocumentStore& from, DocumentStore& to,
                                             Schema const& schema);

}  // namespace grover::store
