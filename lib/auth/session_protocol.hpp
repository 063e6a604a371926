// How a process asks the user service what a session token stands for, and learns of revocations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/caller.hpp"
#include "base/clock.hpp"
#include "reflect/codec.hpp"

namespace grover::auth {

/// POST /internal/sessions/verify {token_hash}: 200, or 404 when unknown, expired or revoked.
struct SessionLookup {
    std::string token_hash;  // auth::hash_token: the token itself does not travel
};
BOOST_DESCRIBE_STRUCT(SessionLookup, (), (token_hash))

struct Session {
    UserId user_id;
    SessionId session_id;
    std::vector<Role> roles;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Session, (), (user_id, session_id, roles, expires_at))

inline constexpr std::string_view revocations_route = "/internal/sessions/revoked";

/// GET revocations_route?since=POSITION: the sessions revoked since then. Caches poll it a
/// few times a second; a revocation may be listed more than once.
struct Revocations {
    std::string position;  // for the next call; empty `since` starts at now
    std::vector<std::string> token_hashes;
};
BOOST_DESCRIBE_STRUCT(Revocations, (), (position, token_hashes))

}  // namespace grover::auth
