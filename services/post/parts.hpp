// What the APIs of this service share. Wired once by Program; everything in it is thread-safe.
#pragma once

#include "base/clock.hpp"
#include "events/events.hpp"
#include "post/comment.hpp"
#include "post/engagement.hpp"
#include "post/jobs.hpp"
#include "post/people.hpp"
#include "post/reader.hpp"
#include "post/tag_index.hpp"
#include "store/collection.hpp"

namespace grover::post {

struct Parts {
    Parts(service::Kit& kit, events::Outbox& the_outbox, People& the_people)
        : clock(kit.clock()),
          outbox(the_outbox),
          people(the_people),
          posts(kit.store(), "posts"),
          engagements(kit.store()),
          comments(kit.store(), "comments"),
          comment_likes(kit.store(), "comment_likes"),
          jobs(kit.store(), "jobs"),
          tag_index(kit.store()),
          reader(kit.store(), the_people) {}

    Clock clock;
    events::Outbox& outbox;
    People& people;
    store::Collection<Post> posts;
    Engagements engagements;
    store::Collection<Comment> comments;
    store::Collection<CommentLike> comment_likes;
    store::Collection<Job> jobs;
    TagIndex tag_index;
    PostReader reader;
};

}  // namespace grover::post
