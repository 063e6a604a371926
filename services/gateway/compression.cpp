#include "gateway/compression.hpp"

#include <algorithm>

#include "gateway/config/reader.hpp"

namespace grover::gateway {

void validate(CompressionSettings const& compression, config::Where const& where) {
    if (std::ranges::find(compression.codings, http::Coding::identity) != compression.codings.end())
        where.add("codings", "identity is what remains without a coding; leave it out");
}

}  // namespace grover::gateway
