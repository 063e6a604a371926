// Query strings and paths of a request target.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grover::http {

/// "a=1&b=x%20y&a=2": names and values decoded ("+" is a space), order and repeats kept. Nothing
/// when an escape is broken or the text is not UTF-8.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace grover::http
