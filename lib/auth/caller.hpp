// Who is calling, as a handler sees it.
//
//     Task<Post> create(auth::Caller caller, CreatePost in);     // needs a login: 401 without, and
//     OpenAPI says so Task<Post> get(auth::Viewer viewer, Path<PostId, "id">);   // works without
//     one, knows the caller if there is one Task<Cards> cards(auth::Service from, CardsRequest in);
//     // internal: only another service of ours
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "http/extract.hpp"

namespace grover::auth {

using UserId = Id<"user">;
using SessionId = Id<"sess">;

enum class Role { user, creator, moderator, admin };
BOOST_DESCRIBE_ENUM(Role, user, creator, moderator, admin)

/// A signed-in user.
struct Caller {
    UserId user_id;
    SessionId session_id;
    std::vector<Role> roles;

    bool has(Role role) const noexcept;
    /// moderator or admin.
    bool can_moderate() const noexcept { return has(Role::moderator) || has(Role::admin); }
};

/// The caller of an operation that also works without a login.
struct Viewer {
    std::optional<Caller> caller;

    bool anonymous() const noexcept { return !caller; }
    bool is(UserId const& id) const noexcept { return caller && caller->user_id == id; }
    bool can_moderate() const noexcept { return caller && caller->can_moderate(); }
    /// Null for anonymous.
    UserId const* user_id() const noexcept { return caller ? &caller->user_id : nullptr; }
};

/// Another service of ours, proven by a signed identity. Routes that take it live under /internal,
/// which the gateway does not forward.
struct Service {
    std::string name;  // "post-service"
};

/// What the authentication stage found out about a request; Request::find<Identity>().
struct Identity {
    std::optional<Caller> caller;
    std::optional<Service> service;
    /// Credentials were sent and are no good (unknown, expired, revoked).
    bool rejected = false;
    /// When a signed identity ends; unset for one that came otherwise.
    Timestamp expires_at{};
};

}  // namespace grover::auth

namespace grover::http {

template <>
struct Extract<auth::Caller> {
    static void authorize(Extraction& in);
    static auth::Caller from(Extraction& in);
    static void describe(Operation& op) { op.bearer(false); }
};

template <>
struct Extract<auth::Viewer> {
    static void authorize(Extraction& in);
    static auth::Viewer from(Extraction& in);
    static void describe(Operation& op) { op.bearer(true); }
};

template <>
struct Extract<auth::Service> {
    static void authorize(Extraction& in);
    static auth::Service from(Extraction& in);
    static void describe(Operation& op) { op.problem(403); }
};

}  // namespace grover::http
