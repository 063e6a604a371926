// Posts one by one: create, read, change, delete.
#pragma once

#include "http/form.hpp"
#include "http/reply.hpp"
#include "post/parts.hpp"
#include "service/unit.hpp"

namespace grover::post {

using PostPath = http::Path<PostId, "post_id">;

class PostsApi {
public:
    explicit PostsApi(Parts& parts) : parts_(parts) {}

    Task<http::Created<PostView>> create(auth::Caller caller, http::Form<CreatePost> form,
                                         service::Unit unit, http::RequestInfo info);
    Task<PostView> get(auth::Viewer viewer, PostPath id, http::RequestInfo info);
    Task<PostView> update(auth::Caller caller, PostPath id, UpdatePost in, http::IfMatch if_match,
                          service::Unit unit, http::RequestInfo info);
    Task<http::Message> remove(auth::Caller caller, PostPath id, http::IfMatch if_match,
                               service::Unit unit, http::RequestInfo info);

private:
    enum class Who { author, author_or_moderator };
    struct Found {
        store::Stored<Post> stored;
        Shown shown;
    };
    Task<Found> find_for_change(PostId const& id, Onlooker const& onlooker, Who who,
                                http::IfMatch const& if_match, http::RequestInfo const& info);

    Parts& parts_;
};

}  // namespace grover::post
