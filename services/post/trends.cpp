#include "post/trends.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/limits.hpp"

namespace grover::post {
namespace {

using std::chrono::steady_clock;

constexpr auto window = std::chrono::hours(24);
constexpr auto half_life = std::chrono::hours(6);

}  // namespace

std::vector<TrendingTag> trending(std::vector<TagUse> const& uses, Timestamp now) {
    struct Tally {
        std::map<UserId, Timestamp> last;  // by author
        std::int64_t posts = 0;
    };
    std::map<std::string, Tally> tallies;
    for (auto const& use : uses) {
        auto& tally = tallies[use.tag];
        ++tally.posts;
        auto& last = tally.last[use.user_id];
        last = std::max(last, use.time);
    }
    std::vector<TrendingTag> out;
    for (auto const& [tag, tally] : tallies) {
        double score = 0;
        for (auto const& [author, time] : tally.last) {
            auto const age = std::max(now - time, std::chrono::milliseconds(0));
            score += std::exp2(-std::chrono::duration<double>(age) / half_life);
        }
        auto const rounded = std::round(score * 1000) / 1000;
        out.push_back({tag, rounded, static_cast<std::int64_t>(tally.last.size()), tally.posts});
    }
    std::ranges::sort(out, [](TrendingTag const& a, TrendingTag const& b) {
        return a.score != b.score ? a.score > b.score : a.tag < b.tag;
    });
    if (out.size() > Trends::tags_shown_max) out.resize(Trends::tags_shown_max);
    return out;
}

Trends::Trends(store::DocumentStore& store, People& people, Clock clock)
    : index_(store), people_(people), clock_(std::move(clock)) {}

Task<std::vector<TagUse>> Trends::uses(http::RequestInfo const& info) {
    std::vector<TagUse> out;
    std::vector<UserId> authors;
    std::vector<store::OrderBy<PostTag>> const order{store::descending<&PostTag::created_at>()};
    http::Position after;
    for (std::size_t round = 0; round * limits::find_limit_max < uses_max; ++round) {
        auto const found = co_await index_.post_tags().list(
            {.filter = store::where<&PostTag::listed>(true) &&
                       store::where<&PostTag::created_at>.greater(clock_() - window),
             .order = order,
             .limit = limits::find_limit_max,
             .after = after});
        for (auto const& use : found) {
            authors.push_back(use->user_id);
            out.push_back({use->tag, use->user_id, use->created_at});
        }
        if (found.size() < limits::find_limit_max) break;
        after = store::Collection<PostTag>::position(order, *found.back());
    }
    auto const cards = co_await people_.cards(std::move(authors), info);
    std::erase_if(out, [&](TagUse const& use) {
        auto const* card = cards.find(use.user_id);
        return !card || card->is_private;
    });
    co_return out;
}

Task<std::shared_ptr<std::vector<TrendingTag> const>> Trends::current(
    http::RequestInfo const& info) {
    auto const began = steady_clock::now();
    {
        std::lock_guard const lock(mutex_);
        if (current_ && began < again_) co_return current_;
    }
    auto fresh =
        std::make_shared<std::vector<TrendingTag> const>(trending(co_await uses(info), clock_()));
    auto const now = steady_clock::now();
    std::lock_guard const lock(mutex_);
    // As with the ranking: half a percent of a core, and five seconds old at most.
    again_ = now + std::min<steady_clock::duration>(200 * (now - began), std::chrono::seconds(5));
    current_ = std::move(fresh);
    co_return current_;
}

}  // namespace grover::post
