#include "script.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "sequence.hpp"

namespace grover::load {
namespace {

// Each part of the script has a sequence of its own, so that more posts do not change the names.
enum Purpose : std::uint64_t { for_names = 1, for_follows, for_posts, for_likes, for_reactions };

constexpr std::array<std::string_view, 16> first_names{
    "Ada", "Björn", "Chloé", "Dina", "Émile", "Farid", "Grace", "Hana",
    "Ivo", "Jun",   "Kofi",  "Lena", "Mina",  "Noor",  "Ola",   "Zoë"};
constexpr std::array<std::string_view, 12> last_names{"Alvarez", "Berg",   "Çelik",    "Diaz",
                                                      "Eze",     "Fuchs",  "García",   "Hopper",
                                                      "Ito",     "Jansen", "Kowalska", "Novák"};
constexpr std::array<std::string_view, 24> words{
    "morning", "coffee", "train", "rain",  "garden", "music", "river",  "music",
    "letters", "summer", "city",  "bread", "film",   "walk",  "friend", "window",
    "paper",   "light",  "song",  "chess", "bike",   "ocean", "story",  "museum"};
constexpr std::array<std::string_view, 6> tags{"#today", "#slow",    "#music",
                                               "#city",  "#kitchen", "#outside"};

std::string some_content(Sequence& sequence) {
    std::string out;
    for (std::size_t left = 3 + sequence.below(12); left > 0; --left)
        out.append(out.empty() ? "" : " ").append(words[sequence.below(words.size())]);
    if (sequence.below(3) == 0) out.append(" ").append(tags[sequence.below(tags.size())]);
    return out;
}

Audience some_audience(Sequence& sequence) {
    auto const pick = sequence.below(20);
    if (pick == 0) return Audience::author;
    return pick <= 2 ? Audience::followers : Audience::everyone;
}

/// Up to `each` posts for every person, of those they may see, none twice.
std::vector<Reaction> some_reactions(Script const& script, std::size_t each, Sequence sequence,
                                     bool likes) {
    std::vector<Reaction> out;
    if (script.posts.empty()) return out;
    for (std::uint32_t person = 0; person < script.graph.people; ++person) {
        auto const seen = feed_of(script, person);
        std::set<std::uint32_t> chosen;
        for (std::size_t tries = 0; tries < each && !seen.empty(); ++tries)
            chosen.insert(seen[sequence.below(seen.size())]);
        for (auto const post : chosen)
            out.push_back({person, post,
                           likes ? std::string_view()
                                 : reaction_kinds[sequence.below(reaction_kinds.size())]});
    }
    sequence.shuffle(out);
    return out;
}

}  // namespace

std::string_view name_of(Audience audience) noexcept {
    switch (audience) {
        case Audience::everyone:
            return "public";
        case Audience::followers:
            return "followers";
        case Audience::author:
            return "private";
    }
    return {};
}

Script write_script(Graph graph, ScriptOptions options) {
    Script script{.graph = std::move(graph),
                  .neighbours = {},
                  .names = {},
                  .follows = {},
                  .posts = {},
                  .posts_of = {},
                  .likes = {},
                  .reactions = {}};
    script.neighbours = neighbours_of(script.graph);
    auto const people = static_cast<std::uint32_t>(script.graph.people);

    Sequence naming(options.seed, for_names);
    for (std::uint32_t person = 0; person < people; ++person)
        script.names.push_back(fmt::format("{} {}", first_names[naming.below(first_names.size())],
                                           last_names[naming.below(last_names.size())]));

    for (auto const& [a, b] : script.graph.edges) {
        script.follows.push_back({a, b});
        script.follows.push_back({b, a});
    }
    Sequence(options.seed, for_follows).shuffle(script.follows);

    Sequence posting(options.seed, for_posts);
    for (std::uint32_t person = 0; person < people; ++person)
        for (std::size_t i = 0; i < options.posts_per_person; ++i)
            script.posts.push_back({person, some_audience(posting), some_content(posting)});
    posting.shuffle(script.posts);
    script.posts_of.resize(people);
    for (std::uint32_t i = 0; i < script.posts.size(); ++i)
        script.posts_of[script.posts[i].author].push_back(i);

    script.likes =
        some_reactions(script, options.likes_per_person, Sequence(options.seed, for_likes), true);
    script.reactions = some_reactions(script, options.reactions_per_person,
                                      Sequence(options.seed, for_reactions), false);
    return script;
}

bool may_see(Script const& script, std::uint32_t person, PlannedPost const& post) {
    if (person == post.author || post.audience == Audience::everyone) return true;
    return post.audience == Audience::followers &&
           std::ranges::binary_search(script.neighbours[person], post.author);
}

std::vector<std::uint32_t> feed_of(Script const& script, std::uint32_t person) {
    auto out = script.posts_of[person];
    for (auto const author : script.neighbours[person])
        for (auto const post : script.posts_of[author])
            if (may_see(script, person, script.posts[post])) out.push_back(post);
    return out;
}

}  // namespace grover::load
