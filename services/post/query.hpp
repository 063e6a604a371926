// What people type into the search field.
//
//     coffee "flat white" #berlin from:user_01J8... ber
//
// Words and phrases must all occur; the last word also finds longer ones while it is being typed
// (unless a blank follows); #tag and from: narrow the answer. Nothing is a pattern or an operator:
// any text is a valid query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "post/post.hpp"

namespace grover::post {

struct SearchQuery {
    std::vector<std::string> words;                 // as store::search_words
    std::vector<std::vector<std::string>> phrases;  // words in a row
    std::vector<std::string> tags;                  // folded
    std::optional<UserId> from;
    bool last_is_prefix = false;

    bool empty() const noexcept {
        return words.empty() && phrases.empty() && tags.empty() && !from;
    }
};

/// Linear. `text` must be valid UTF-8.
SearchQuery parse_query(std::string_view text);

}  // namespace grover::post
