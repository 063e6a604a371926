// The order of explore, and why its pages are stable while the ranks move (docs/adr/0010).
//
// A snapshot freezes the heat of the `head_max` hottest posts. Under one snapshot every listed post
// has one fixed rank: its frozen heat when it is among those, else the time it was created, which
// is the heat of a post nobody engaged with. Explore is the merge of the two lists by rank, so it
// holds every listed post exactly once, however long somebody scrolls and whatever is liked
// meanwhile. A cursor names its snapshot and the position in both lists.
//
// Snapshots are made when a first page asks and the last one is older than 200 times what making it
// took (5 s at most): half a percent of a core. They are stored, so that any process answers the
// next page, and kept for `snapshot_lifetime`. After that the cursor is gone (410).
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "post/reader.hpp"
#include "store/collection.hpp"

namespace grover::post {

inline constexpr std::size_t head_max = 500;
inline constexpr auto snapshot_lifetime = std::chrono::minutes(20);

/// A document of "rankings".
struct RankingSnapshot {
    std::string snapshot_id;
    std::vector<PostId> posts;        // hottest first
    std::vector<std::int64_t> heats;  // of `posts`
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(RankingSnapshot, (), (snapshot_id, posts, heats, expires_at))

/// The hottest of `candidates`, by what their counters say now.
RankingSnapshot rank(std::vector<Post> const& candidates, Timestamp now);

/// Thread-safe.
class Ranking {
public:
    Ranking(store::DocumentStore& store, Clock clock);

    /// What explore shows, in its order.
    Rows explore();
    /// The head alone: posts that people engage with now.
    Rows trending();

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Head {
        RankingSnapshot snapshot;
        std::unordered_map<PostId, std::size_t> index;
    };
    using HeadPtr = std::shared_ptr<Head const>;  // shared by the requests that page through it

    /// Where a page goes on.
    struct Position {
        std::string snapshot;
        std::size_t head = 0;  // posts of the head that were passed
        std::string tail;      // the last post passed of those outside; empty: none yet
    };
    static Position read_cursor(http::Position const& values);
    static http::Position cursor(Position const& position);

    Task<HeadPtr> head_for(std::optional<http::Position> const& after);
    Task<HeadPtr> current();
    Task<HeadPtr> build();
    HeadPtr unchanged(RankingSnapshot const& snapshot);
    Task<HeadPtr> load(std::string id);
    HeadPtr remember(RankingSnapshot snapshot);
    Task<std::vector<Row>> merge(HeadPtr head, Position position, std::size_t limit);
    Task<std::vector<Row>> head_rows(HeadPtr head, Position position, std::size_t limit);

    store::DocumentStore& store_;
    store::Collection<Post> posts_;
    store::Collection<RankingSnapshot> snapshots_;
    Clock clock_;
    std::mutex mutex_;
    HeadPtr current_;
    Time build_again_{};  // not before
    bool building_ = false;
    std::vector<HeadPtr> recent_;  // the last ones used, newest last
};

}  // namespace grover::post
