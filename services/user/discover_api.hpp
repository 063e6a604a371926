// Other people: by id, by name, and whom one might want to follow.
#pragma once

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "service/match_lists.hpp"
#include "user/people.hpp"
#include "user/relations.hpp"

namespace grover::user {

/// Both name sets that clients know.
struct UserStats {
    std::int64_t followers_count = 0;
    std::int64_t following_count = 0;
    std::int64_t posts_count = 0;
    std::int64_t products_count = 0;
    std::int64_t followers = 0;
    std::int64_t following = 0;
    std::int64_t posts = 0;
};
BOOST_DESCRIBE_STRUCT(UserStats, (),
                      (followers_count, following_count, posts_count, products_count, followers,
                       following, posts))

class DiscoverApi {
public:
    /// A search has this many matches at most: the best ones.
    static constexpr std::size_t matches_max = 300;

    DiscoverApi(Data& data, People const& people, Relations const& relations, Clock clock);

    using UserPath = http::Path<UserId, "user_id">;

    Task<UserPublic> user(auth::Viewer viewer, UserPath id);
    Task<UserStats> stats(auth::Viewer viewer, UserPath id);
    Task<http::List<UserPublic>> search_by_path(auth::Viewer viewer,
                                                http::Path<std::string, "query"> query,
                                                http::Page<> page);
    Task<http::List<UserPublic>> search(auth::Viewer viewer, http::Query<std::string, "q"> query,
                                        http::Page<> page);
    Task<std::vector<SuggestedUser>> suggested(auth::Caller caller);

private:
    using Lists = service::MatchLists<UserId>;

    Task<http::List<UserPublic>> find(auth::Viewer viewer, std::string query,
                                      std::string_view pointer, http::PageRequest page);

    Data& data_;
    People const& people_;
    Relations const& relations_;
    Clock clock_;
    Lists lists_;
};

}  // namespace grover::user
