// What will be played: every follow, post, like and reaction, fixed by graph and seed before the
// first request. The checks compare the system's answers with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph.hpp"

namespace grover::load {

enum class Audience { everyone, followers, author };

/// "public", "followers", "private": as the API spells it.
std::string_view name_of(Audience audience) noexcept;

struct PlannedPost {
    std::uint32_t author = 0;
    Audience audience = Audience::everyone;
    std::string content;
};

struct Follow {
    std::uint32_t follower = 0, followed = 0;
};

/// A person does something to posts[post].
struct Reaction {
    std::uint32_t person = 0, post = 0;
    std::string_view kind;  // empty for a like
};

inline constexpr std::array<std::string_view, 6> reaction_kinds{"love", "laugh", "wow",
                                                                "sad",  "angry", "care"};

struct Script {
    Graph graph;
    std::vector<std::vector<std::uint32_t>> neighbours;
    std::vector<std::string> names;
    std::vector<Follow> follows;                       // both ways along every edge
    std::vector<PlannedPost> posts;                    // in the order in which they are published
    std::vector<std::vector<std::uint32_t>> posts_of;  // by author: their numbers in `posts`
    std::vector<Reaction> likes;                       // no person twice on one post
    std::vector<Reaction> reactions;                   // no person twice on one post
};

struct ScriptOptions {
    std::size_t posts_per_person = 5;
    std::size_t likes_per_person = 10;
    std::size_t reactions_per_person = 5;
    std::uint64_t seed = 1;
};

Script write_script(Graph graph, ScriptOptions options);

/// Whether `person` may see the post: the rule the system is checked against, written down again
/// here on purpose.
bool may_see(Script const& script, std::uint32_t person, PlannedPost const& post);

/// The posts (their numbers, in no order) that belong in a person's feed: their own, and those of
/// whom they follow, as far as they may see them.
std::vector<std::uint32_t> feed_of(Script const& script, std::uint32_t person);

}  // namespace grover::load
