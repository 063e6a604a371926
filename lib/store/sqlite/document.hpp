// A document's body as it is stored: JSON text without "_id", which has a column of its own.
#pragma once

#include <string>
#include <string_view>

#include "store/document_store.hpp"

namespace grover::store::sqlite {

/// Throws Error (too_large, invalid) for more than limits::document_bytes_max or
/// document_depth_max.
std::string encode(json::object const& body);

Document decode(std::string_view id, std::int64_t version, std::string_view body);

}  // namespace grover::store::sqlite
