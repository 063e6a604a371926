// Start here: every route of the post service, one statement each.
#include "post/program.hpp"

namespace grover::post {

// NOLINTNEXTLINE(readability-function-size): a table
void Program::routes(http::Router& r) {
    r.post("/api/posts", posts_, &PostsApi::create)
        .tag("posts")
        .summary("Create a post")
        .problems({401, 413, 415, 422});
    r.get("/api/posts/{post_id}", posts_, &PostsApi::get)
        .tag("posts")
        .summary("Get one post")
        .problems({404});
    r.put("/api/posts/{post_id}", posts_, &PostsApi::update)
        .tag("posts")
        .summary("Change one's own post")
        .problems({403, 404, 412, 422})
        .also("PATCH", "/api/posts/{post_id}");
    r.remove("/api/posts/{post_id}", posts_, &PostsApi::remove)
        .tag("posts")
        .summary("Delete a post")
        .problems({403, 404, 412});

    r.get("/api/posts/feed", lists_, &ListsApi::feed)
        .tag("lists")
        .summary("Posts of those the caller follows, newest first")
        .also("/api/posts/feed/me");
    r.get("/api/posts/me", lists_, &ListsApi::mine).tag("lists").summary("The caller's own posts");
    r.get("/api/posts/user/{user_id}", lists_, &ListsApi::by_user)
        .tag("lists")
        .summary("One person's posts")
        .problems({404})
        .also("/api/users/{user_id}/posts");
    r.get("/api/posts", lists_, &ListsApi::by_user_query)
        .tag("lists")
        .summary("One person's posts")
        .problems({404});
    r.get("/api/posts/media", lists_, &ListsApi::media).tag("lists").summary("Posts with media");
    r.get("/api/posts/saved", lists_, &ListsApi::saved)
        .tag("lists")
        .summary("Posts the caller saved, last saved first")
        .also("/api/posts/saved/me");
    r.get("/api/mentions", lists_, &ListsApi::mentions)
        .tag("lists")
        .summary("Posts that mention the caller");

    r.get("/api/posts/explore", explore_, &ExploreApi::explore)
        .tag("lists")
        .summary("Public posts, hottest first")
        .problems({410})
        .also("/api/posts/explore/all");
    r.get("/api/discover/trending", explore_, &ExploreApi::trending)
        .tag("lists")
        .summary("Posts that people engage with now")
        .problems({410});
    r.get("/api/trending/tags", explore_, &ExploreApi::trending_tags)
        .tag("lists")
        .summary("Tags that people write about now");

    r.get("/api/posts/search/{query}", search_, &SearchApi::posts)
        .tag("search")
        .summary("Posts by words, \"phrases\", #tags and from:user, best match first");
    r.get("/api/search", search_, &SearchApi::everything).tag("search").summary("People and posts");
    r.get("/api/search/hashtags", search_, &SearchApi::hashtags)
        .tag("search")
        .summary("Tags by their beginning, most used first");
    r.get("/api/search/hashtag/{tag}/posts", search_, &SearchApi::of_tag)
        .tag("search")
        .summary("Posts of a tag, newest first");

    r.post("/api/posts/{post_id}/like", engagement_, &EngagementApi::like)
        .tag("engagement")
        .summary("Like a post")
        .problems({404});
    r.remove("/api/posts/{post_id}/like", engagement_, &EngagementApi::unlike)
        .tag("engagement")
        .summary("Take a like back")
        .problems({404});
    r.get("/api/posts/{post_id}/likes", engagement_, &EngagementApi::likes)
        .tag("engagement")
        .summary("Who likes a post, last first")
        .problems({404});
    r.post("/api/posts/{post_id}/dislike", engagement_, &EngagementApi::dislike)
        .tag("engagement")
        .summary("Dislike a post")
        .problems({404});
    r.remove("/api/posts/{post_id}/dislike", engagement_, &EngagementApi::undislike)
        .tag("engagement")
        .summary("Take a dislike back")
        .problems({404});
    r.post("/api/posts/{post_id}/react", engagement_, &EngagementApi::react)
        .tag("engagement")
        .summary("React to a post")
        .problems({404});
    r.remove("/api/posts/{post_id}/react", engagement_, &EngagementApi::unreact)
        .tag("engagement")
        .summary("Take a reaction back")
        .problems({404});
    r.get("/api/posts/{post_id}/reactions", engagement_, &EngagementApi::reactions)
        .tag("engagement")
        .summary("Reactions by kind, the last hundred of each")
        .problems({404});
    r.get("/api/posts/{post_id}/reactions/{reaction_type}", engagement_,
          &EngagementApi::reactions_of)
        .tag("engagement")
        .summary("Reactions of one kind, last first")
        .problems({404});
    r.post("/api/posts/{post_id}/save", engagement_, &EngagementApi::save)
        .tag("engagement")
        .summary("Save a post")
        .problems({404});
    r.remove("/api/posts/{post_id}/save", engagement_, &EngagementApi::unsave)
        .tag("engagement")
        .summary("Forget a saved post")
        .problems({404});
    r.post("/api/posts/{post_id}/share", engagement_, &EngagementApi::share)
        .tag("engagement")
        .summary("Count a share")
        .problems({404});
    r.post("/api/posts/{post_id}/vote", engagement_, &EngagementApi::vote)
        .tag("engagement")
        .summary("Vote in a poll, or change one's vote")
        .problems({404, 409});
    r.get("/api/posts/{post_id}/poll-results", engagement_, &EngagementApi::poll_results)
        .tag("engagement")
        .summary("How a poll stands")
        .problems({404});

    r.post("/api/posts/{post_id}/repost", reposts_, &RepostsApi::repost)
        .tag("reposts")
        .summary("Repost a post")
        .problems({404, 409});
    r.remove("/api/posts/{post_id}/unrepost", reposts_, &RepostsApi::unrepost)
        .tag("reposts")
        .summary("Take a repost back")
        .problems({404})
        .also("DELETE", "/api/posts/{post_id}/repost");
    r.get("/api/posts/{post_id}/reposts", reposts_, &RepostsApi::list)
        .tag("reposts")
        .summary("Reposts of a post, newest first")
        .problems({404});

    r.get("/api/posts/{post_id}/comments", comments_, &CommentsApi::list)
        .tag("comments")
        .summary("Comments on a post, newest first")
        .problems({404});
    r.post("/api/posts/{post_id}/comments", comments_, &CommentsApi::create)
        .tag("comments")
        .summary("Comment on a post, or reply to a comment")
        .problems({404});
    r.get("/api/comments/{comment_id}", comments_, &CommentsApi::get)
        .tag("comments")
        .summary("Get one comment")
        .problems({404});
    r.remove("/api/comments/{comment_id}", comments_, &CommentsApi::remove)
        .tag("comments")
        .summary("Delete a comment with its replies")
        .problems({403, 404});
    r.get("/api/comments/{comment_id}/replies", comments_, &CommentsApi::replies)
        .tag("comments")
        .summary("Replies to a comment, newest first")
        .problems({404});
    r.post("/api/comments/{comment_id}/like", comments_, &CommentsApi::like)
        .tag("comments")
        .summary("Like a comment")
        .problems({404});
    r.remove("/api/comments/{comment_id}/like", comments_, &CommentsApi::unlike)
        .tag("comments")
        .summary("Take a like of a comment back")
        .problems({404});

    r.get("/internal/users/{user_id}/export", internal_, &InternalApi::export_user)
        .tag("internal")
        .summary("What this service holds of a user");
    r.post("/internal/events", receiver_, &events::Receiver::receive)
        .tag("internal")
        .summary("Events of other services");
}

}  // namespace grover::post
