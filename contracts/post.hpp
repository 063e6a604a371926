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

/// The author changed its text, place or visibility. Counters change without an event.
struct PostUpdated {
    static constexpr std::string_view topic = "post.updated.v1";
    PostId post_id;
    UserId user_id;
};
BOOST_DESCRIBE_STRUCT(PostUpdated, (), (post_id, user_id))

struct PostDeleted {
    static constexpr std::string_view topic = "post.deleted.v1";
    PostId post_id;
    UserId user_id;
};
BOOST_DESCRIBE_STRUCT(PostDeleted, (), (post_id, user_id))

/// GET /internal/users/{user_id}/export?cursor= of every service: what it holds of that user, one
/// collection after the other, in pages. A collection may take several, and an empty one takes one.
struct ExportPage {
    std::string collection;
    std::vector<boost::json::value> documents;
    std::optional<std::string> next;  // the cursor of the next page; none at the end
};
BOOST_DESCRIBE_STRUCT(ExportPage, (), (collection, documents, next))

}  // namespace grover::contracts
