// The collections of this service and their indexes.
#pragma once

#include "store/document_store.hpp"

namespace grover::user {

store::Schema schema();

}  // namespace grover::user
