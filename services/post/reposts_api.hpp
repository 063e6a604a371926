// Reposts: posts that show another one, with or without words of their own. One of each post per
// person; a repost of a repost is one of the original.
#pragma once

#include "http/reply.hpp"
#include "post/posts_api.hpp"

namespace grover::post {

struct CreateRepost {
    std::optional<Text<0, 500>> repost_comment;
};
BOOST_DESCRIBE_STRUCT(CreateRepost, (), (repost_comment))

struct Reposted {
    PostId repost_id;
    std::int64_t repost_count = 0;
};
BOOST_DESCRIBE_STRUCT(Reposted, (), (repost_id, repost_count))

struct Unreposted {
    std::string status;
    bool reposted = false;
    std::int64_t repost_count = 0;
};
BOOST_DESCRIBE_STRUCT(Unreposted, (), (status, reposted, repost_count))

class RepostsApi {
public:
    explicit RepostsApi(Parts& parts) : parts_(parts) {}

    Task<http::Created<Reposted>> repost(auth::Caller caller, PostPath id,
                                         std::optional<CreateRepost> in, service::Unit unit,
                                         http::RequestInfo info);
    Task<Unreposted> unrepost(auth::Caller caller, PostPath id, service::Unit unit,
                              http::RequestInfo info);
    Task<http::List<PostView>> list(auth::Viewer viewer, PostPath id, http::Page<> page,
                                    http::RequestInfo info);

private:
    Task<Post> original(PostId const& id, Onlooker const& onlooker, http::RequestInfo const& info);
    Parts& parts_;
};

}  // namespace grover::post
