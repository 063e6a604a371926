// Which of several answers of one URL a request asks for (RFC 9111 section 4.1).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/cache/entry.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway::cache {

/// The request's values of the fields that `vary` names, in a normal form: several lines as one
/// list, blanks around commas gone. Of Accept-Language also case and the order of what is liked
/// equally: that is what its values mean. "*" is for the caller.
std::vector<std::pair<std::string, std::string>> selected_by(http::RequestHead const& request,
                                                             std::string_view vary);

/// True when every field that the entry was selected by has the same value in the request; of
/// Accept-Language also when the answer is in the language that the request likes best.
bool selects(Entry const& entry, http::RequestHead const& request);

}  // namespace grover::gateway::cache
