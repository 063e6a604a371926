#include "post/ranking.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "post/score.hpp"

namespace grover::post {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t recent_max = 32;
constexpr std::size_t cursor_values = 3;

[[noreturn]] void bad_cursor() {
    throw Error({{"query/cursor", "is not a cursor of this list"}});
}

/// Post::listed(), as a question to the store.
store::Where<Post> listed() {
    return store::where<&Post::visibility>(Visibility::public_) &&
           store::where<&Post::is_repost>(false);
}

}  // namespace

RankingSnapshot rank(std::vector<Post> const& candidates, Timestamp now) {
    std::vector<std::pair<std::int64_t, PostId>> ranked;
    for (auto const& post : candidates)
        if (post.listed())
            ranked.emplace_back(heat_of(engagement_of(post), post.created_at), post.post_id);
    std::ranges::sort(ranked, std::greater());
    if (ranked.size() > head_max) ranked.resize(head_max);
    RankingSnapshot out{random_hex(8), {}, {}, now + snapshot_lifetime};
    for (auto& [heat, id] : ranked) {
        out.posts.push_back(std::move(id));
        out.heats.push_back(heat);
    }
    return out;
}

Ranking::Ranking(store::DocumentStore& store, Clock clock)
    : store_(store),
      posts_(store, "posts"),
      snapshots_(store, "rankings"),
      clock_(std::move(clock)) {}

Ranking::Position Ranking::read_cursor(http::Position const& values) {
    if (values.size() != cursor_values || !values[0].is_string() || !values[1].is_int64() ||
        !values[2].is_string() || values[1].get_int64() < 0)
        bad_cursor();
    return {std::string(values[0].get_string()), static_cast<std::size_t>(values[1].get_int64()),
            std::string(values[2].get_string())};
}

http::Position Ranking::cursor(Position const& position) {
    return {boost::json::string(position.snapshot), static_cast<std::int64_t>(position.head),
            boost::json::string(position.tail)};
}

Rows Ranking::explore() {
    return {
        cursor_values,
        [this](std::optional<http::Position> after, std::size_t limit) -> Task<std::vector<Row>> {
            auto const head = co_await head_for(after);
            auto const from =
                after ? read_cursor(*after) : Position{head->snapshot.snapshot_id, 0, {}};
            co_return co_await merge(head, from, limit);
        }};
}

Rows Ranking::trending() {
    return {
        cursor_values,
        [this](std::optional<http::Position> after, std::size_t limit) -> Task<std::vector<Row>> {
            auto const head = co_await head_for(after);
            auto const from =
                after ? read_cursor(*after) : Position{head->snapshot.snapshot_id, 0, {}};
            co_return co_await head_rows(head, from, limit);
        }};
}

Task<Ranking::HeadPtr> Ranking::head_for(std::optional<http::Position> const& after) {
    if (!after) co_return co_await current();
    co_return co_await load(read_cursor(*after).snapshot);
}

Task<Ranking::HeadPtr> Ranking::current() {
    {
        std::lock_guard const lock(mutex_);
        // While one makes a new snapshot the others go on with the last.
        if (current_ && (building_ || steady_clock::now() < build_again_)) co_return current_;
        building_ = true;
    }
    auto const began = steady_clock::now();
    HeadPtr head;
    std::exception_ptr failure;
    try {
        head = co_await build();
    } catch (...) {
        failure = std::current_exception();
    }
    auto const now = steady_clock::now();
    std::lock_guard const lock(mutex_);
    building_ = false;
    if (failure) std::rethrow_exception(failure);
    build_again_ =
        now + std::min<steady_clock::duration>(50 * (now - began), std::chrono::seconds(5));
    current_ = head;
    co_return head;
}

/// The last snapshot, when nothing has moved since and enough of its life is left.
Ranking::HeadPtr Ranking::unchanged(RankingSnapshot const& snapshot) {
    std::lock_guard const lock(mutex_);
    bool const same = current_ && current_->snapshot.posts == snapshot.posts &&
                      current_->snapshot.heats == snapshot.heats &&
                      current_->snapshot.expires_at > clock_() + snapshot_lifetime / 2;
    return same ? current_ : nullptr;
}

Ranking::HeadPtr Ranking::remember(RankingSnapshot snapshot) {
    auto head = std::make_shared<Head>(std::move(snapshot), decltype(Head::index)());
    for (std::size_t i = 0; i < head->snapshot.posts.size(); ++i)
        head->index.emplace(head->snapshot.posts[i], i);
    std::lock_guard const lock(mutex_);
    if (recent_.size() == recent_max) recent_.erase(recent_.begin());
    recent_.push_back(head);
    return head;
}

Task<Ranking::HeadPtr> Ranking::build() {
    std::vector<Post> candidates;
    for (auto& post : co_await posts_.list({.filter = store::where<&Post::heat>.greater(0),
                                            .order = {store::descending<&Post::heat>()},
                                            .limit = head_max,
                                            .may_lag = true}))
        candidates.push_back(std::move(post.value));
    auto snapshot = rank(candidates, clock_());
    if (auto last = unchanged(snapshot)) co_return last;
    store::Batch batch;
    snapshots_.insert(batch, snapshot);
    if (!co_await store_.commit(std::move(batch)))
        throw Error(ErrorCode::unavailable, "the ranking could not be stored");
    co_return remember(std::move(snapshot));
}

Task<Ranking::HeadPtr> Ranking::load(std::string id) {
    {
        std::lock_guard const lock(mutex_);
        for (auto const& head : recent_)
            if (head->snapshot.snapshot_id == id) co_return head;
    }
    auto found = co_await snapshots_.find(std::move(id));
    if (!found || found->value.expires_at < clock_() ||
        found->value.posts.size() != found->value.heats.size())
        throw Error(ErrorCode::gone, "cursor_expired", "this list has grown old: start again");
    co_return remember(std::move(found->value));
}

Task<std::vector<Row>> Ranking::head_rows(HeadPtr head, Position position, std::size_t limit) {
    auto const& ids = head->snapshot.posts;
    auto const begin = std::min(position.head, ids.size());
    auto const end = std::min(begin + limit, ids.size());
    auto found = co_await posts_.find_many({ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                            ids.begin() + static_cast<std::ptrdiff_t>(end)});
    std::vector<Row> out;
    for (auto& post : found) {
        ++position.head;
        auto& row = out.emplace_back();
        if (post && post->value.listed()) row.post = std::move(post->value);
        row.at = cursor(position);
    }
    co_return out;
}

Task<std::vector<Row>> Ranking::merge(HeadPtr head, Position position, std::size_t limit) {
    auto hot = co_await head_rows(head, position, limit);
    auto const first_hot = position.head;
    std::vector<Row> out;
    for (bool tail_left = true; out.size() < limit;) {
        http::Position after;
        if (!position.tail.empty()) after.emplace_back(boost::json::string(position.tail));
        auto tail = tail_left
                        ? co_await posts_.list({.filter = listed(),
                                                .order = {store::descending<&Post::post_id>()},
                                                .limit = limit,
                                                .after = std::move(after)})
                        : std::vector<store::Stored<Post>>();
        tail_left = tail.size() == limit;
        auto const take_hot_until = [&](std::int64_t rank) {
            auto const& heats = head->snapshot.heats;
            while (out.size() < limit && position.head < heats.size() &&
                   heats[position.head] >= rank) {
                auto& row = out.emplace_back(std::move(hot[position.head - first_hot]));
                ++position.head;
                row.at = cursor(position);
            }
        };
        for (auto& post : tail) {
            take_hot_until(post->created_at.ms);
            if (out.size() == limit) break;
            position.tail = post->post_id.str();
            if (head->index.contains(post->post_id)) continue;
            auto const at = cursor(position);
            out.push_back({std::move(post.value), at});
        }
        if (tail_left) continue;
        take_hot_until(std::numeric_limits<std::int64_t>::min());
        break;
    }
    co_return out;
}

}  // namespace grover::post
