// What the user service tells other services: internal replies and events. Fields are only ever
// added, and only as optional; contracts/golden holds one JSON of each, which must decode for ever.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/session_protocol.hpp"
#include "contracts/ids.hpp"
#include "reflect/codec.hpp"

namespace grover::contracts {

/// How a user appears beside what they wrote. POST /internal/users/cards {ids} answers with the
/// cards of those that exist, in any order.
struct UserCard {
    UserId user_id;
    std::string name;
    std::optional<std::string> picture;
    bool is_premium = false;
    bool is_private = false;
};
BOOST_DESCRIBE_STRUCT(UserCard, (), (user_id, name, picture, is_premium, is_private))

struct UserCardsRequest {
    std::vector<UserId> ids;  // at most 1,000
};
BOOST_DESCRIBE_STRUCT(UserCardsRequest, (), (ids))

/// Whom a user sees and who is hidden from them. GET /internal/users/{user_id}/relations; 404 for
/// an unknown user.
struct Relations {
    UserId user_id;
    std::vector<UserId> following;
    std::vector<UserId> blocked;  // either way: blocked by the user, or who blocked the user
    std::vector<UserId> muted;
};
BOOST_DESCRIBE_STRUCT(Relations, (), (user_id, following, blocked, muted))

using auth::Revocations;
using auth::Session;
using auth::SessionLookup;

// ---- Events
// ----------------------------------------------------------------------------------------------------

/// The account is gone: every service removes what it holds of the user.
struct UserDeleted {
    static constexpr std::string_view topic = "user.deleted.v1";
    UserId user_id;
};
BOOST_DESCRIBE_STRUCT(UserDeleted, (), (user_id))

/// Name, picture, privacy or roles changed.
struct UserUpdated {
    static constexpr std::string_view topic = "user.updated.v1";
    UserId user_id;
};
BOOST_DESCRIBE_STRUCT(UserUpdated, (), (user_id))

/// A follow, block or mute between two users came or went: whoever caches Relations of either reads
/// them again.
struct RelationChanged {
    static constexpr std::string_view topic = "user.relation_changed.v1";
    UserId user_id;
    UserId other_id;
};
BOOST_DESCRIBE_STRUCT(RelationChanged, (), (user_id, other_id))

}  // namespace grover::contracts
