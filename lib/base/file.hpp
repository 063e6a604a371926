// Small files read whole: configuration, secrets, pages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace grover {

/// The first `bytes_max` bytes of a file, or all that there are; nothing when it cannot be read.
/// Not by its size, as it may be written just now: ask for one byte more than is allowed to see
/// that it is too large. Blocks.
std::optional<std::string> read_file(std::string const& path,
                                     std::size_t bytes_max = std::string::npos);

}  // namespace grover
