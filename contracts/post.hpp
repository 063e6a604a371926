// What the post service tells other services. The rules of contracts/user.hpp hold here too.
#pragma once

#include "contracts/ids.hpp"
#include "reflect/codec.hpp"

namespace grover::contracts {

struct PostCreated {
    static constexpr std::string_view topic = "post.created.v1";
    PostId post_id;
    UserId user_id;
    std::vector<UserId> tagged_users;
};
BOOST_DESCRIBE_STRUCT(PostCreated, (), (post_id, user_id, tagged_users))

struct PostDeleted {
    static constexpr std::string_view topic = "post.deleted.v1";
    PostId post_id;
    UserId user_id;
};
BOOST_DESCRIBE_STRUCT(PostDeleted, (), (post_id, user_id))

/// GET /internal/users/{user_id}/export of every service: what it holds of that user, by
/// collection.
struct UserExport {
    std::string service;
    boost::json::object data;
};
BOOST_DESCRIBE_STRUCT(UserExport, (), (service, data))

}  // namespace grover::contracts
