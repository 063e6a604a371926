// What only other services of ours may ask.
#pragma once

#include "contracts/post.hpp"
#include "http/reply.hpp"
#include "post/parts.hpp"

namespace grover::post {

class InternalApi {
public:
    explicit InternalApi(Parts& parts) : parts_(parts) {}

    /// A page of everything that this service holds of a user. Throws Error (invalid) for a cursor
    /// of another list.
    Task<contracts::ExportPage> export_user(
        auth::Service from, http::Path<UserId, "user_id"> user,
        http::Query<std::optional<std::string>, "cursor"> cursor);

private:
    Parts& parts_;
};

}  // namespace grover::post
