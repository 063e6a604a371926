// Comments under posts, replies to them, and likes of both.
//
// A comment is shown to whoever may see its post, unless its author is gone or there is a block
// between them; and a block between its author and the post's author hides it from everyone.
#pragma once

#include "http/reply.hpp"
#include "post/posts_api.hpp"

namespace grover::post {

using CommentPath = http::Path<CommentId, "comment_id">;

struct CommentOpinion {
    static constexpr std::string_view schema_name = "CommentLiked";
    std::string status;
    bool liked = false;
    std::int64_t likes_count = 0;
};
BOOST_DESCRIBE_STRUCT(CommentOpinion, (), (status, liked, likes_count))

class CommentsApi {
public:
    explicit CommentsApi(Parts& parts) : parts_(parts) {}

    /// Comments that are no replies, newest first.
    Task<http::List<CommentView>> list(auth::Viewer viewer, PostPath id, http::Page<> page,
                                       http::RequestInfo info);
    Task<http::List<CommentView>> replies(auth::Viewer viewer, CommentPath id, http::Page<> page,
                                          http::RequestInfo info);
    Task<CommentView> get(auth::Viewer viewer, CommentPath id, http::RequestInfo info);
    Task<http::Created<CommentView>> create(auth::Caller caller, PostPath id, CreateComment in,
                                            service::Unit unit, http::RequestInfo info);
    /// By its author, the post's author or a moderator; with its replies.
    Task<http::Message> remove(auth::Caller caller, CommentPath id, http::IfMatch if_match,
                               service::Unit unit, http::RequestInfo info);
    Task<CommentOpinion> like(auth::Caller caller, CommentPath id, service::Unit unit,
                              http::RequestInfo info);
    Task<CommentOpinion> unlike(auth::Caller caller, CommentPath id, service::Unit unit,
                                http::RequestInfo info);

private:
    /// A comment that the onlooker may see, and its post.
    struct Found {
        store::Stored<Comment> comment;
        Shown post;
        PersonView author;
    };
    struct Item {
        Comment comment;
        http::Position at;
        PersonView author;
    };
    /// Throws Error (not_found) when there is no such comment, or it hangs on what is gone.
    Task<store::Stored<Comment>> stored(CommentId const& id);
    /// The same when it is hidden from the onlooker.
    Task<Found> find(CommentId const& id, Onlooker const& onlooker, http::RequestInfo const& info);
    /// One that the onlooker may delete: their own, also where its post is hidden by now.
    Task<store::Stored<Comment>> find_to_remove(CommentId const& id, Onlooker const& onlooker,
                                                http::RequestInfo const& info);
    Task<std::vector<Item>> filter(std::vector<Item> items, UserId const& post_author,
                                   Onlooker const& onlooker, http::RequestInfo const& info);
    Task<http::List<CommentView>> page(http::PageRequest const& page, store::Where<Comment> where,
                                       UserId const& post_author, Onlooker const& onlooker,
                                       http::RequestInfo const& info);
    Task<std::vector<CommentView>> views(std::vector<Item> items, Onlooker const& onlooker);
    enum class Opinion { none, like };
    Task<CommentOpinion> set(Opinion opinion, auth::Caller const& caller, CommentId const& id,
                             service::Unit& unit, http::RequestInfo const& info);

    Parts& parts_;
};

}  // namespace grover::post
