// Accounts as one person may see them: who is hidden, and how each stands to the one who looks. The
// one place that decides it.
#pragma once

#include "http/extract.hpp"
#include "user/data.hpp"
#include "user/pair.hpp"

namespace grover::user {

using net::Task;

/// Whether accounts blocked either way are left out. They are, but for moderators, and in the list
/// of one's own blocks.
enum class Blocked { hidden, shown };

class People {
public:
    explicit People(Data& data) : data_(data) {}

    /// The views of `users`, in their order. One read for all of them, none for an anonymous
    /// viewer.
    Task<std::vector<UserPublic>> views(auth::Viewer viewer, std::vector<User> users,
                                        Blocked blocked = Blocked::hidden) const;

    /// An account and the viewer's edges with it. Throws Error (not_found) for an unknown account
    /// and for one blocked either way, alike; moderators see the latter.
    struct Seen {
        User user;
        Pair pair;  // the viewer's, as actor; says nothing for the anonymous and for oneself
    };
    Task<Seen> see(auth::Viewer viewer, UserId id) const;

    /// Who follows a private account and whom it follows is for itself, its followers and
    /// moderators. Throws Error (forbidden).
    static void check_lists_open(Seen const& seen, auth::Viewer const& viewer);

    /// The viewer's edges with each of `users`, as actor. One read.
    Task<std::vector<Pair>> pairs(UserId viewer, std::vector<User> const& users) const;

private:
    Data& data_;
};

/// public_view() with the flags that `pair` (of the viewer, as actor) gives.
UserPublic view_of(User const& user, Pair const& pair);

}  // namespace grover::user
