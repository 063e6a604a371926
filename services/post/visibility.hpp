// Who sees what: the one place where it is decided. Every read of the service asks here, when it
// reads, so a list that was made earlier (a saved post, a tag, a cached page) never leaks.
//
// The rule for a post, in this order:
//   the author is gone                       hidden
//   it is the viewer's own                   shown
//   the viewer moderates                     shown
//   a block between the two, either way      hidden
//   audience private                         hidden
//   audience followers, or a private account shown to followers
//   audience public                          shown
// A repost is shown when both it and its original are; to whom it is from, where they ask for it,
// also without its original. Hidden means 404, or left out of a list: for what one has done with a
// post, too, but for taking that back.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "contracts/user.hpp"
#include "post/post.hpp"

namespace grover::post {

using contracts::UserCard;

/// contracts::Relations, sorted for looking up.
class RelationSets {
public:
    RelationSets() = default;
    explicit RelationSets(contracts::Relations relations);

    bool follows(UserId const& id) const { return has(following_, id); }
    bool blocks(UserId const& id) const { return has(blocked_, id); }  // either way
    bool mutes(UserId const& id) const { return has(muted_, id); }
    std::vector<UserId> const& following() const noexcept { return following_; }

private:
    static bool has(std::vector<UserId> const& sorted, UserId const& id);
    std::vector<UserId> following_, blocked_, muted_;
};

/// The one who looks. Cheap to copy: the sets are shared with the cache they came from.
class Onlooker {
public:
    /// Nobody in particular.
    Onlooker();
    Onlooker(auth::Caller const& caller, std::shared_ptr<RelationSets const> relations);

    std::optional<UserId> const& id() const noexcept { return id_; }
    bool is(UserId const& id) const { return id_ == id; }
    bool moderates() const noexcept { return moderates_; }
    RelationSets const& relations() const noexcept { return *relations_; }

private:
    std::optional<UserId> id_;
    bool moderates_ = false;
    std::shared_ptr<RelationSets const> relations_;
};

/// `author`: null when there is no such user any more.
bool visible(Post const& post, UserCard const* author, Onlooker const& onlooker);

/// A person in a list (of likes, reactions, comments, reposts): there, and no block between them.
bool visible(UserId const& person, UserCard const* card, Onlooker const& onlooker);

/// A block between the two hides the person from the onlooker.
bool kept_apart(UserId const& person, Onlooker const& onlooker);

/// Where something is shown. Muted people are left out of what the service chooses to show (feed,
/// explore, search, trending), not of what the viewer asks for by name.
enum class Surface { asked_for, offered };

/// True when a mute keeps what `author` wrote off this surface.
bool unwanted(UserId const& author, Onlooker const& onlooker, Surface surface);

}  // namespace grover::post
