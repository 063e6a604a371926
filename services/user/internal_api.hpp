// What other services ask (contracts/user.hpp, auth/session_protocol.hpp).
#pragma once

#include "http/extract.hpp"
#include "user/relations.hpp"
#include "user/sessions.hpp"

namespace grover::user {

class InternalApi {
public:
    InternalApi(Data& data, Sessions& sessions, Relations const& relations)
        : data_(data), sessions_(sessions), relations_(relations) {}

    Task<std::vector<contracts::UserCard>> cards(auth::Service from,
                                                 contracts::UserCardsRequest in);
    Task<contracts::Relations> relations(auth::Service from, http::Path<UserId, "user_id"> id);
    Task<contracts::Session> verify_session(auth::Service from, contracts::SessionLookup in);
    Task<contracts::Revocations> revoked_sessions(
        auth::Service from, http::Query<std::optional<std::string>, "since"> since);

private:
    template <auto At, auto Who>
    Task<> collect(std::vector<UserId>& out, UserId user) const;

    Data& data_;
    Sessions& sessions_;
    Relations const& relations_;
};

}  // namespace grover::user
