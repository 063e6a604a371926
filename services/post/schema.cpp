#include "post/schema.hpp"

#include "events/events.hpp"

namespace grover::post {

store::Schema schema() {
    store::Schema out{{
        {.name = "posts",
         .indexes =
             {
                 {.fields = {"user_id"}},                                // feed, by user
                 {.fields = {"visibility", "is_repost"}},                // explore, the rest
                 {.fields = {"heat"}, .sparse = true},                   // explore, the head
                 {.fields = {"user_id", "media_type"}, .sparse = true},  // media of one
                 {.fields = {"media_type"}, .sparse = true},             // media of all
                 {.fields = {"original_post_id"}, .sparse = true},       // reposts of a post
             },
         .searchable = {"content", "poll_question"},
         .shard_key = {{.field = "user_id"}}},
        {.name = "engagements",
         .indexes =
             {
                 {.fields = {"post_id"}},                              // clearing a post
                 {.fields = {"user_id"}},                              // export, forgetting
                 {.fields = {"user_id", "saved_at"}, .sparse = true},  // saved posts
                 {.fields = {"post_id", "liked_at"}, .sparse = true},  // who likes it
                 {.fields = {"post_id", "reaction", "reacted_at"}, .sparse = true},
             },
         .shard_key = {{.field = "post_id", .id_has_it_before = ':'}}},
        {.name = "comments",
         .indexes =
             {
                 {.fields = {"post_id", "parent_comment_id"}},       // of a post, without replies
                 {.fields = {"parent_comment_id"}, .sparse = true},  // replies
                 {.fields = {"user_id"}},
             },
         .shard_key = {{.field = "post_id"}}},
        {.name = "comment_likes",
         .indexes = {{.fields = {"post_id"}},
                     {.fields = {"thread"}},
                     {.fields = {"comment_id"}},
                     {.fields = {"user_id"}}},
         .shard_key = {{.field = "comment_id", .id_has_it_before = ':'}}},
        {.name = "post_tags",
         .indexes =
             {
                 {.fields = {"tag", "post_id"}},        // posts of a tag
                 {.fields = {"listed", "created_at"}},  // trends
                 {.fields = {"user_id", "listed"}},     // an account closes
                 {.fields = {"withheld", "user_id"}},   // one opens; not looked at yet
             },
         .shard_key = {{.field = "tag", .id_has_it_before = '#'}}},
        {.name = "tags", .indexes = {{.fields = {"posts_count"}}}},
        {.name = "mentions",
         .indexes = {{.fields = {"user_id", "post_id"}}, {.fields = {"post_id"}}},
         .shard_key = {{.field = "user_id", .id_has_it_before = ':'}}},
        {.name = "rankings", .expires_field = "expires_at"},
        {.name = "jobs", .indexes = {{.fields = {"run_after"}}}},
    }};
    for (auto& list : {events::outbox_collections(), events::inbox_collections()})
        out.collections.insert(out.collections.end(), list.begin(), list.end());
    return out;
}

}  // namespace grover::post
