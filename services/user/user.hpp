// What this service keeps and what it shows: accounts, sessions, and the relations between people.
//
// The first member of a stored struct is its "_id". Members may be added, never renamed: documents
// stay.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/caller.hpp"
#include "contracts/user.hpp"
#include "http/reply.hpp"
#include "reflect/codec.hpp"

namespace grover::user {

using auth::Role;
using contracts::SessionId;
using contracts::UserId;

// ---- Stored -------------------------------------------------------------------------------------

/// An account. Collection "users".
struct User {
    UserId user_id;
    std::string email;
    std::string email_key;        // under which it is unique: email without case
    bool email_verified = false;  // a login provider has vouched for it
    std::string name;
    std::string bio;
    std::optional<std::string> picture;
    std::optional<std::string> website;
    std::optional<std::string> twitter;
    std::optional<std::string> instagram;
    std::optional<std::string> linkedin;
    std::optional<std::string> paypal_email;
    bool is_premium = false;
    bool is_private = false;
    bool monetization_enabled = false;
    std::vector<Role> roles;
    bool notify_followers = true;
    bool notify_likes = true;
    bool notify_comments = true;
    bool notify_messages = true;
    bool notify_sales = true;
    bool notify_mentions = true;
    bool notify_reposts = true;
    std::int64_t followers_count = 0;
    std::int64_t following_count = 0;
    std::int64_t posts_count = 0;
    std::int64_t relation_changes = 0;  // grows with every change of an edge from or to this user
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(User, (),
                      (user_id, email, email_key, email_verified, name, bio, picture, website,
                       twitter, instagram, linkedin, paypal_email, is_premium, is_private,
                       monetization_enabled, roles, notify_followers, notify_likes, notify_comments,
                       notify_messages, notify_sales, notify_mentions, notify_reposts,
                       followers_count, following_count, posts_count, relation_changes, created_at,
                       updated_at))

/// Kept apart from the account, so that no read of a profile ever holds it. Collection
/// "credentials".
struct Credential {
    UserId user_id;
    std::string password_hash;
};
BOOST_DESCRIBE_STRUCT(Credential, (), (user_id, password_hash))

/// Who a login provider says somebody is. Collection "identities".
struct ExternalIdentity {
    std::string identity_id;  // hex of SHA-256 over provider and subject
    UserId user_id;
    std::string provider;
    std::string subject;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(ExternalIdentity, (), (identity_id, user_id, provider, subject, created_at))

/// A signed-in device. Collection "sessions".
struct Session {
    std::string token_hash;
    SessionId session_id;
    UserId user_id;
    Timestamp created_at;
    Timestamp last_seen_at;
    Timestamp expires_at;
    std::string user_agent;
    std::string ip;
};
BOOST_DESCRIBE_STRUCT(Session, (),
                      (token_hash, session_id, user_id, created_at, last_seen_at, expires_at,
                       user_agent, ip))

/// Tells caches to forget a session, because it ended or its user's roles changed. Collection
/// "revocations".
struct Revocation {
    std::string token_hash;
    Timestamp revoked_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Revocation, (), (token_hash, revoked_at, expires_at))

/// What `actor` does about `target`; there is one only while it does something. Collection "edges".
struct Edge {
    std::string edge_id;  // "actor:target"
    UserId actor;
    UserId target;
    std::optional<Timestamp> followed_at;
    std::optional<Timestamp> requested_at;  // asked to follow a private account
    std::optional<Timestamp> blocked_at;
    std::optional<Timestamp> muted_at;

    bool operator==(Edge const&) const = default;
};
BOOST_DESCRIBE_STRUCT(Edge, (),
                      (edge_id, actor, target, followed_at, requested_at, blocked_at, muted_at))

/// A deleted account whose edges are still to be taken from others. Collection "departures".
struct Departure {
    UserId user_id;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Departure, (), (user_id, created_at))

// ---- Shown --------------------------------------------------------------------------------------

/// The account as its owner sees it ("User" of the API).
struct OwnUser {
    static constexpr std::string_view schema_name = "User";
    UserId user_id;
    std::string email;
    std::string name;
    std::string bio;
    std::optional<std::string> picture;
    std::optional<std::string> website;
    std::optional<std::string> twitter;
    std::optional<std::string> instagram;
    std::optional<std::string> linkedin;
    std::optional<std::string> paypal_email;
    bool is_premium = false;
    bool is_private = false;
    bool monetization_enabled = false;
    std::vector<Role> roles;
    bool notify_followers = true;
    bool notify_likes = true;
    bool notify_comments = true;
    bool notify_messages = true;
    bool notify_sales = true;
    bool notify_mentions = true;
    bool notify_reposts = true;
    std::int64_t followers_count = 0;
    std::int64_t following_count = 0;
    std::int64_t posts_count = 0;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(OwnUser, (),
                      (user_id, email, name, bio, picture, website, twitter, instagram, linkedin,
                       paypal_email, is_premium, is_private, monetization_enabled, roles,
                       notify_followers, notify_likes, notify_comments, notify_messages,
                       notify_sales, notify_mentions, notify_reposts, followers_count,
                       following_count, posts_count, created_at, updated_at))

/// What one edits oneself; the counts are others' doing.
std::string edition_of(OwnUser user);

/// The reply of every way to sign in. The token is shown this once.
struct SignedIn : OwnUser {
    static constexpr std::string_view schema_name = "SignedIn";
    std::string session_token;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(SignedIn, (OwnUser), (session_token, expires_at))

/// An account as others see it, and how it stands to the one who looks.
struct UserPublic {
    static constexpr std::string_view schema_name = "UserPublic";
    UserId user_id;
    std::string name;
    std::string bio;
    std::optional<std::string> picture;
    std::optional<std::string> website;
    std::optional<std::string> twitter;
    std::optional<std::string> instagram;
    std::optional<std::string> linkedin;
    bool is_premium = false;
    bool is_private = false;
    std::int64_t followers_count = 0;
    std::int64_t following_count = 0;
    std::int64_t posts_count = 0;
    Timestamp created_at;
    bool is_following = false;
    bool follows_you = false;
    bool follow_requested = false;
};
BOOST_DESCRIBE_STRUCT(UserPublic, (),
                      (user_id, name, bio, picture, website, twitter, instagram, linkedin,
                       is_premium, is_private, followers_count, following_count, posts_count,
                       created_at, is_following, follows_you, follow_requested))

struct SuggestedUser : UserPublic {
    static constexpr std::string_view schema_name = "SuggestedUser";
    std::int64_t mutual_followers = 0;
};
BOOST_DESCRIBE_STRUCT(SuggestedUser, (UserPublic), (mutual_followers))

OwnUser own_view(User const& user);
/// Without the flags of the one who looks: People fills them in.
UserPublic public_view(User const& user);
contracts::UserCard card_of(User const& user);

}  // namespace grover::user
