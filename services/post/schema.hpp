// The collections of the post service and the questions they are indexed for.
#pragma once

#include "store/document_store.hpp"

namespace grover::post {

store::Schema schema();

}  // namespace grover::post
