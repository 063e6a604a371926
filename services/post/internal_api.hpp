// What only other services of ours may ask.
#pragma once

#include "contracts/post.hpp"
#include "http/reply.hpp"
#include "post/parts.hpp"

namespace grover::post {

class InternalApi {
public:
    explicit InternalApi(Parts& parts) : parts_(parts) {}

    /// Everything this service holds of a user.
    Task<contracts::UserExport> export_user(auth::Service from, http::Path<UserId, "user_id"> user);

private:
    Parts& parts_;
};

}  // namespace grover::post
