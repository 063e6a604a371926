// Hashtags and mentions in the text of a post.
//
// A hashtag is '#' (or the full-width sign) and then up to 100 letters, digits, marks and
// underscores of any script, not digits alone. It begins a word: "a#b", "/#b" and "##b" hold none.
// Tags compare without case and are stored folded. A mention is '@' and the id of a user: people
// have names, which are not unique.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "post/post.hpp"

namespace grover::post {

inline constexpr std::size_t tag_length_max = 100;

/// In the order they come, each once, the first tags_max of them. `text` must be valid UTF-8.
/// Linear.
std::vector<std::string> hashtags_in(std::string_view text);

/// The users mentioned, each once, the first tagged_users_max of them. Whether they exist is not
/// known here.
std::vector<UserId> mentions_in(std::string_view text);

/// A tag given by itself, with or without its sign, folded; nothing when it is none.
std::optional<std::string> as_tag(std::string_view text);

}  // namespace grover::post
