// Lists of posts in the order of time: the home feed, a person's posts, media, saved posts,
// mentions.
#pragma once

#include "http/reply.hpp"
#include "post/posts_api.hpp"

namespace grover::post {

class ListsApi {
public:
    explicit ListsApi(Parts& parts) : parts_(parts) {}

    /// Posts of those the caller follows and the caller's own, complete to the very end.
    Task<http::List<PostView>> feed(auth::Caller caller, http::Page<> page, http::RequestInfo info);
    Task<http::List<PostView>> mine(auth::Caller caller, http::Page<> page, http::RequestInfo info);
    Task<http::List<PostView>> by_user(auth::Viewer viewer, http::Path<UserId, "user_id"> user,
                                       http::Page<> page, http::RequestInfo info);
    Task<http::List<PostView>> by_user_query(auth::Viewer viewer,
                                             http::Query<UserId, "user_id"> user, http::Page<> page,
                                             http::RequestInfo info);
    Task<http::List<PostView>> media(auth::Viewer viewer,
                                     http::Query<std::optional<UserId>, "user_id"> user,
                                     http::Query<std::optional<MediaType>, "media_type"> type,
                                     http::Page<> page, http::RequestInfo info);
    /// Last saved first.
    Task<http::List<PostView>> saved(auth::Caller caller, http::Page<> page,
                                     http::RequestInfo info);
    /// Posts that tag the caller, or name them in their text.
    Task<http::List<PostView>> mentions(auth::Caller caller, http::Page<> page,
                                        http::RequestInfo info);

private:
    Task<http::List<PostView>> of_user(auth::Viewer viewer, UserId user, http::PageRequest page,
                                       http::RequestInfo info);
    Parts& parts_;
};

}  // namespace grover::post
