#include "check.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/async.hpp"
#include "sequence.hpp"

namespace grover::load {
namespace {

constexpr std::size_t ids_shown_max = 5;
// Small pages for some, so that many borders are crossed.
constexpr std::array<std::size_t, 3> page_sizes{7, 20, 100};
constexpr std::size_t pages_max = 100'000;

std::vector<std::uint32_t> sample(std::size_t of, std::size_t count, Sequence sequence) {
    std::vector<std::uint32_t> all(of);
    std::iota(all.begin(), all.end(), 0u);
    sequence.shuffle(all);
    all.resize(std::min(count, of));
    return all;
}

std::string some_of(std::vector<std::string> const& ids) {
    auto const shown = std::min(ids.size(), ids_shown_max);
    return fmt::format("{}{}", fmt::join(ids.begin(), ids.begin() + static_cast<long>(shown), " "),
                       shown < ids.size() ? " ..." : "");
}

std::string unequal(std::string_view what, std::int64_t expected, std::int64_t found) {
    return expected == found
               ? std::string()
               : fmt::format("    {}: expected {}, found {}\n", what, expected, found);
}

/// Asks again until there is no problem or `until` has passed; the last problem.
template <class Ask>
net::Task<std::string> settled(Ask ask, std::chrono::steady_clock::time_point until) {
    for (;;) {
        auto problem = co_await ask();
        if (problem.empty() || std::chrono::steady_clock::now() > until) co_return problem;
        co_await net::pause(std::chrono::milliseconds(200));
    }
}

}  // namespace

std::string difference(std::vector<std::string> const& expected,
                       std::vector<std::string> const& found) {
    if (expected == found) return {};
    std::set<std::string> const wanted(expected.begin(), expected.end());
    std::set<std::string> have;
    std::vector<std::string> missing, strange, twice;
    for (auto const& id : found) {
        if (!wanted.contains(id)) strange.push_back(id);
        if (!have.insert(id).second) twice.push_back(id);
    }
    for (auto const& id : expected)
        if (!have.contains(id)) missing.push_back(id);
    auto out = fmt::format("    expected {} items, found {}\n", expected.size(), found.size());
    if (!missing.empty())
        out += fmt::format("    missing {}: {}\n", missing.size(), some_of(missing));
    if (!strange.empty())
        out += fmt::format("    not expected {}: {}\n", strange.size(), some_of(strange));
    if (!twice.empty()) out += fmt::format("    twice {}: {}\n", twice.size(), some_of(twice));
    auto const [want, got] = std::ranges::mismatch(expected, found);
    out += fmt::format("    first difference at {}: expected {}, found {}\n",
                       want - expected.begin(), want == expected.end() ? "the end" : *want,
                       got == found.end() ? "the end" : *got);
    return out;
}

Check::Check(Player& player, Api& api, Script const& script, CheckOptions options)
    : player_(player), api_(api), script_(script), options_(options) {}

net::Task<std::vector<std::string>> Check::run() {
    auto const people = sample(script_.graph.people, options_.people, Sequence(options_.seed, 11));
    auto const posts = sample(script_.posts.size(), options_.posts, Sequence(options_.seed, 12));
    co_await player_.each("feeds", people.size(), [&](auto i) { return check_person(people[i]); });
    co_await player_.each("details", posts.size(), [&](auto i) { return check_post(posts[i]); });
    co_return problems_;
}

std::vector<std::string> Check::expected_feed(std::uint32_t person) const {
    auto feed = feed_of(script_, person);
    auto const& posts = player_.cast().posts;
    // Ids sort by the time they were made, and lists are newest first.
    std::ranges::sort(feed, std::greater(),
                      [&](auto post) -> std::string const& { return posts[post]; });
    std::vector<std::string> ids;
    for (auto const post : feed) ids.push_back(posts[post]);
    return ids;
}

net::Task<> Check::check_person(std::uint32_t person) {
    auto const until = std::chrono::steady_clock::now() + options_.settle_within;
    auto problem = co_await settled([&] { return feed_problem(person); }, until);
    problem += co_await settled([&] { return profile_problem(person); }, until);
    if (problem.empty()) co_return;
    problems_.push_back(fmt::format("  person {} ({}) {}\n{}", person, script_.names[person],
                                    player_.cast().people[person].user_id, problem));
}

net::Task<std::string> Check::feed_problem(std::uint32_t person) {
    std::vector<std::string> found;
    auto const limit = page_sizes[person % page_sizes.size()];
    auto target = fmt::format("/api/posts/feed/me?limit={}", limit);
    for (std::size_t pages = 0; !target.empty(); ++pages) {
        if (pages == pages_max) co_return "    the feed has no end\n";
        auto const page = co_await api_.call(
            {.method = "GET", .target = target, .token = player_.cast().people[person].token});
        if (!page.body.is_array()) throw Failure("GET " + target + " did not answer with a list");
        auto const& items = page.body.get_array();
        if (items.size() > limit)
            co_return fmt::format("    a page of {} has {} items\n", limit, items.size());
        for (auto const& item : items) found.push_back(text_of(item, "post_id"));
        target = page.next;
    }
    co_return difference(expected_feed(person), found);
}

net::Task<std::string> Check::profile_problem(std::uint32_t person) {
    auto const& who = player_.cast().people[person];
    auto const answer = co_await api_.call(
        {.method = "GET", .target = "/api/users/" + who.user_id, .token = who.token});
    auto const degree = static_cast<std::int64_t>(script_.neighbours[person].size());
    auto const posts = static_cast<std::int64_t>(script_.posts_of[person].size());
    co_return unequal("followers_count", degree, number_of(answer.body, "followers_count")) +
        unequal("following_count", degree, number_of(answer.body, "following_count")) +
        unequal("posts_count", posts, number_of(answer.body, "posts_count"));
}

net::Task<> Check::check_post(std::uint32_t post) {
    auto const until = std::chrono::steady_clock::now() + options_.settle_within;
    auto const problem = co_await settled([&] { return post_problem(post); }, until);
    if (!problem.empty())
        problems_.push_back(
            fmt::format("  post {} {}\n{}", post, player_.cast().posts[post], problem));
}

net::Task<std::string> Check::post_problem(std::uint32_t post) {
    auto const likes = std::ranges::count(script_.likes, post, &Reaction::post);
    std::map<std::string, std::int64_t> reactions;
    for (auto const& reaction : script_.reactions)
        if (reaction.post == post) ++reactions[std::string(reaction.kind)];

    auto const& author = player_.cast().people[script_.posts[post].author];
    auto const answer = co_await api_.call({.method = "GET",
                                            .target = "/api/posts/" + player_.cast().posts[post],
                                            .token = author.token});
    auto problem = unequal("likes_count", likes, number_of(answer.body, "likes_count"));
    if (text_of(answer.body, "content") != script_.posts[post].content)
        problem += "    the content is another one\n";
    if (text_of(answer.body, "user_id") != author.user_id)
        problem += "    the author is another one\n";
    auto const* counts = answer.body.get_object().if_contains("reaction_counts");
    if (!counts || !counts->is_object()) co_return problem + "    there are no reaction_counts\n";
    for (auto const kind : reaction_kinds) {
        auto const* count = counts->get_object().if_contains(kind);
        auto const found = count && count->is_int64() ? count->get_int64() : 0;
        problem +=
            unequal(fmt::format("reaction_counts.{}", kind), reactions[std::string(kind)], found);
    }
    co_return problem;
}

}  // namespace grover::load
