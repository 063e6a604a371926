// Which tags are talked about now. The formula is published (README):
//
//     score(tag) = sum over its authors of 2 ^ (-age of the author's last post with it / 6 h)
//
// over the listed posts of the last day, at most the newest `uses_max` uses of tags. One author
// counts once per tag, however much they post; posts of private accounts do not count. The answer
// holds nothing that an anonymous reader may not see, so it is the same for all, computed when
// asked and kept for a while.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "post/people.hpp"
#include "post/tag_index.hpp"

namespace grover::post {

struct TrendingTag {
    std::string tag;
    double score = 0;
    std::int64_t authors_count = 0;
    std::int64_t posts_count = 0;  // within the day
};
BOOST_DESCRIBE_STRUCT(TrendingTag, (), (tag, score, authors_count, posts_count))

/// One tag in one post.
struct TagUse {
    std::string tag;
    UserId user_id;
    Timestamp time;
};

/// Best first; equal scores by the tag.
std::vector<TrendingTag> trending(std::vector<TagUse> const& uses, Timestamp now);

/// Thread-safe.
class Trends {
public:
    static constexpr std::size_t uses_max = 10'000;
    static constexpr std::size_t tags_shown_max = 100;

    Trends(store::DocumentStore& store, People& people, Clock clock);

    Task<std::shared_ptr<std::vector<TrendingTag> const>> current(http::RequestInfo const& info);

private:
    using Time = std::chrono::steady_clock::time_point;
    Task<std::vector<TagUse>> uses(http::RequestInfo const& info);

    TagIndex index_;
    People& people_;
    Clock clock_;
    std::mutex mutex_;
    std::shared_ptr<std::vector<TrendingTag> const> current_;  // shared with those who read it
    Time again_{};                                             // computed anew not before
};

}  // namespace grover::post
