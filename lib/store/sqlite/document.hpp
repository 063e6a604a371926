// A document's body as it is stored: JSON text without "_id", which has a column of its own.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "store/document_store.hpp"

namespace grover::store::sqlite {

/// Throws Error (too_large, invalid) for more than limits::document_bytes_max or
/// document_depth_max.
std::string encode(json::object const& body);

/// Memory for documents that are read at once, and dropped together. Not thread-safe.
inline json::storage_ptr block_for(std::size_t documents) {
    return json::make_shared_resource<json::monotonic_resource>(
        std::min(documents, std::size_t{64}) * 512);
}

Document decode(std::string_view id, std::int64_t version, std::string_view body,
                json::storage_ptr const& block = block_for(1));

}  // namespace grover::store::sqlite
