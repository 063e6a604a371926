#include "auth/caller.hpp"

#include <algorithm>

namespace grover::auth {

bool Caller::has(Role role) const noexcept {
    return std::ranges::find(roles, role) != roles.end();
}

}  // namespace grover::auth

namespace grover::http {
namespace {

auth::Identity const& identity_of(Extraction& in) {
    static auth::Identity const nobody;
    auto const* found = in.request.find<auth::Identity>();
    return found ? *found : nobody;
}

[[noreturn]] void refuse(auth::Identity const& identity) {
    if (identity.rejected)
        throw Error(ErrorCode::unauthenticated, "invalid_token",
                    "the session is unknown, expired or revoked");
    throw Error(ErrorCode::unauthenticated, "log in first");
}

}  // namespace

void Extract<auth::Caller>::authorize(Extraction& in) {
    if (auto const& identity = identity_of(in); !identity.caller) refuse(identity);
}
auth::Caller Extract<auth::Caller>::from(Extraction& in) {
    return *identity_of(in).caller;
}

void Extract<auth::Viewer>::authorize(Extraction& in) {
    if (auto const& identity = identity_of(in); identity.rejected) refuse(identity);
}
auth::Viewer Extract<auth::Viewer>::from(Extraction& in) {
    return {identity_of(in).caller};
}

void Extract<auth::Service>::authorize(Extraction& in) {
    // To anyone else the internal routes do not exist.
    if (!identity_of(in).service) throw Error(ErrorCode::not_found, "there is no such resource");
}
auth::Service Extract<auth::Service>::from(Extraction& in) {
    return *identity_of(in).service;
}

}  // namespace grover::http
