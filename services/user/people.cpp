#include "user/people.hpp"

namespace grover::user {

UserPublic view_of(User const& user, Pair const& pair) {
    auto out = public_view(user);
    out.is_following = pair.forward.followed_at.has_value();
    out.follows_you = pair.backward.followed_at.has_value();
    out.follow_requested = pair.forward.requested_at.has_value();
    return out;
}

Task<std::vector<Pair>> People::pairs(UserId viewer, std::vector<User> const& users) const {
    std::vector<Pair> out;
    std::vector<std::string> ids;
    out.reserve(users.size());
    ids.reserve(users.size() * 2);
    for (auto const& user : users) {
        auto const& pair = out.emplace_back(Pair::between(viewer, user.user_id));
        ids.push_back(pair.forward.edge_id);
        ids.push_back(pair.backward.edge_id);
    }
    auto found = co_await data_.edges.find_many(std::move(ids));
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (auto& edge = found[2 * i]) out[i].forward = std::move(edge->value);
        if (auto& edge = found[2 * i + 1]) out[i].backward = std::move(edge->value);
    }
    co_return out;
}

Task<std::vector<UserPublic>> People::views(auth::Viewer viewer, std::vector<User> users,
                                            Blocked blocked) const {
    std::vector<UserPublic> out;
    out.reserve(users.size());
    if (viewer.anonymous() || users.empty()) {
        for (auto const& user : users) out.push_back(public_view(user));
        co_return out;
    }
    auto const pairs = co_await this->pairs(*viewer.user_id(), users);
    bool const all = blocked == Blocked::shown || viewer.can_moderate();
    for (std::size_t i = 0; i < users.size(); ++i)
        if (all || !pairs[i].blocked()) out.push_back(view_of(users[i], pairs[i]));
    co_return out;
}

Task<People::Seen> People::see(auth::Viewer viewer, UserId id) const {
    auto user = co_await data_.user(id);
    if (viewer.anonymous() || viewer.is(id)) {
        auto const nobody = viewer.anonymous() ? UserId() : id;
        co_return Seen{std::move(user.value), Pair::between(nobody, id)};
    }
    std::vector<User> users;
    users.push_back(std::move(user.value));
    auto found = co_await pairs(*viewer.user_id(), users);
    if (found[0].blocked() && !viewer.can_moderate()) throw_no_such_user();
    co_return Seen{std::move(users[0]), std::move(found[0])};
}

void People::check_lists_open(Seen const& seen, auth::Viewer const& viewer) {
    if (!seen.user.is_private || viewer.is(seen.user.user_id) || viewer.can_moderate() ||
        seen.pair.forward.followed_at)
        return;
    throw Error(ErrorCode::forbidden, "private_account", "the account is private: follow it first");
}

}  // namespace grover::user
