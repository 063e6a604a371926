// What a Search asks for, cut into folded words: the same for every engine.
#pragma once

#include <string>
#include <vector>

#include "store/declared.hpp"

namespace grover::store {

/// Words in a row; of the last one, its beginning when `last_is_prefix`.
struct SearchTerm {
    std::vector<std::string> words;
    bool last_is_prefix = false;
};

/// What must all occur; nothing when no word is asked for. A word of the query that is cut apart
/// ("cats-and-dogs") is a term of several words. Throws Error (invalid) for too many words.
std::vector<SearchTerm> search_terms(Search const& search);

/// Throws std::logic_error for a collection without words, a limit or skip out of bounds, or a
/// filter that is not made of conditions on declared fields.
void check_search(Declared const& collection, Search const& search);

}  // namespace grover::store
