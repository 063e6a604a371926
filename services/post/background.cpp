#include "post/background.hpp"

#include "post/comment_removal.hpp"
#include "post/removal.hpp"

namespace grover::post {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t step_documents = 200;
constexpr std::size_t jobs_per_round = 100;
constexpr std::chrono::milliseconds again_after = 1s, put_off = 60s;

http::RequestInfo own_request() {
    http::RequestInfo info;
    info.deadline = std::chrono::steady_clock::now() + 5s;
    return info;
}

/// Where the id does not tell.
std::string shard_of(Comment const& comment) {
    return comment.post_id.str();
}
template <class T>
std::string shard_of(T const&) {
    return {};
}

}  // namespace

Task<> Background::run() {
    while (co_await round()) {
    }
}

Task<bool> Background::round() {
    auto const now = parts_.clock();
    auto const due =
        co_await parts_.jobs.list({.filter = store::where<&Job::run_after>.less_equal(now),
                                   .order = {store::ascending<&Job::run_after>()},
                                   .limit = jobs_per_round});
    bool more = false;
    for (auto const& job : due) {
        auto step = Step::meddled;
        auto pause = again_after;
        try {
            step = co_await work(*job);
        } catch (std::exception const& e) {
            log_.warn("a job failed and is put off", {{"job", job->id}, {"error", e.what()}});
            pause = put_off;
        }
        store::Batch batch;
        if (step == Step::more)
            more = true;
        else if (step == Step::done)  // Unless it was asked for again meanwhile.
            parts_.jobs.remove(batch, job->id, {.ignore_missing = true, .if_version = job.version});
        else
            parts_.jobs.patch(batch, job->id)
                .set<&Job::run_after>(parts_.clock() + pause)
                .ignore_missing();
        co_await commit(std::move(batch));
    }
    co_return more;
}

Task<Background::Step> Background::work(Job const& job) {
    switch (job.kind) {
        case JobKind::clear_post:
            return clear_post(PostId::trusted(job.subject));
        case JobKind::clear_comment:
            return clear_comment(CommentId::trusted(job.subject));
        case JobKind::forget_user:
            return forget_user(UserId::trusted(job.subject));
        case JobKind::relist_tags:
            return relist_tags(UserId::trusted(job.subject));
    }
    std::unreachable();
}

Task<Background::Step> Background::commit(store::Batch batch) {
    if (batch.empty()) co_return Step::more;
    auto const done = co_await store_.commit(std::move(batch));
    co_return done ? Step::more : Step::meddled;
}

template <class T, class Id>
Task<Background::Step> Background::clear(store::Collection<T> documents, Id T::* id,
                                         store::Where<T> filter,
                                         std::vector<store::OrderBy<T>> order) {
    auto const found = co_await documents.list(
        {.filter = filter, .order = std::move(order), .limit = step_documents});
    if (found.empty()) co_return Step::done;
    store::Batch batch;
    for (auto const& document : found)
        documents.remove(batch, (*document).*id,
                         {.ignore_missing = true, .shard = shard_of(*document)});
    co_return co_await commit(std::move(batch));
}

Task<Background::Step> Background::clear_post(PostId id) {
    auto step = co_await clear(parts_.engagements.all(), &Engagement::engagement_id,
                               store::where<&Engagement::post_id>(id));
    step = std::max(step, co_await clear(parts_.comment_likes, &CommentLike::id,
                                         store::where<&CommentLike::post_id>(id)));
    step = std::max(step, co_await clear(parts_.comments, &Comment::comment_id,
                                         store::where<&Comment::post_id>(id),
                                         {store::ascending<&Comment::parent_comment_id>()}));
    step = std::max(step, co_await clear(parts_.tag_index.mentions(), &Mention::id,
                                         store::where<&Mention::post_id>(id)));
    step = std::max(step, co_await remove_posts(store::where<&Post::original_post_id>(id)));
    co_return step;
}

Task<Background::Step> Background::clear_comment(CommentId id) {
    auto step = co_await clear(parts_.comment_likes, &CommentLike::id,
                               store::where<&CommentLike::thread>(id));
    step = std::max(step, co_await clear(parts_.comment_likes, &CommentLike::id,
                                         store::where<&CommentLike::comment_id>(id)));
    step = std::max(step, co_await clear(parts_.comments, &Comment::comment_id,
                                         store::where<&Comment::parent_comment_id>(id)));
    co_return step;
}

Task<Background::Step> Background::remove_posts(store::Where<Post> filter) {
    auto const found = co_await parts_.posts.list({.filter = filter, .limit = step_documents});
    auto step = Step::done;
    for (auto const& post : found) {
        store::Batch batch;
        co_await remove_post(parts_, batch, *post);
        step = std::max(step, co_await commit(std::move(batch)));
    }
    if (!found.empty()) parts_.outbox.notify();
    co_return step;
}

Task<Background::Step> Background::forget_user(UserId id) {
    auto step = co_await remove_posts(store::where<&Post::user_id>(id));
    step = std::max(step, co_await forget_engagements(id));
    step = std::max(step, co_await forget_comments(id));
    step = std::max(step, co_await forget_comment_likes(id));
    step = std::max(step, co_await forget_mentions(id));
    co_return step;
}

/// With what they counted at the posts.
Task<Background::Step> Background::forget_engagements(UserId id) {
    auto const found = co_await parts_.engagements.all().list(
        {.filter = store::where<&Engagement::user_id>(id), .limit = step_documents});
    auto step = Step::done;
    for (auto const& engagement : found) {
        store::Batch batch;
        parts_.engagements.all().remove(batch, engagement->engagement_id,
                                        {.if_version = engagement.version});
        if (auto const post = co_await parts_.posts.find(engagement->post_id)) {
            auto counted = post->value;
            if (engagement->liked_at) --counted.likes_count;
            if (engagement->disliked_at) --counted.dislikes_count;
            if (engagement->reaction)
                --counted.reaction_counts[std::string(reflect::name_of(*engagement->reaction))];
            if (engagement->vote) --counted.poll_votes[std::to_string(*engagement->vote)];
            write_counters_if_there(batch, post->value, counted);
        }
        step = std::max(step, co_await commit(std::move(batch)));
    }
    co_return step;
}

Task<Background::Step> Background::forget_comments(UserId id) {
    auto const found = co_await parts_.comments.list(
        {.filter = store::where<&Comment::user_id>(id), .limit = step_documents});
    auto step = Step::done;
    for (auto const& comment : found) {
        store::Batch batch;
        co_await remove_comment(parts_, batch, comment);
        step = std::max(step, co_await commit(std::move(batch)));
    }
    co_return step;
}

Task<Background::Step> Background::forget_comment_likes(UserId id) {
    auto const found = co_await parts_.comment_likes.list(
        {.filter = store::where<&CommentLike::user_id>(id), .limit = step_documents});
    if (found.empty()) co_return Step::done;
    store::Batch batch;
    for (auto const& like : found) {
        parts_.comment_likes.remove(batch, like->id);
        parts_.comments.patch(batch, like->comment_id)
            .shard(like->post_id.str())
            .inc<&Comment::likes_count>(-1)
            .ignore_missing();
    }
    co_return co_await commit(std::move(batch));
}

/// Others' posts that tag the user stay, without the tag.
Task<Background::Step> Background::forget_mentions(UserId id) {
    auto const found =
        co_await parts_.tag_index.mentions().list({.filter = store::where<&Mention::user_id>(id),
                                                   .order = {store::ascending<&Mention::post_id>()},
                                                   .limit = step_documents});
    auto step = Step::done;
    for (auto const& mention : found) {
        store::Batch batch;
        parts_.tag_index.mentions().remove(batch, mention->id, {.ignore_missing = true});
        if (auto const post = co_await parts_.posts.find(mention->post_id)) {
            auto tagged = post->value.tagged_users;
            if (std::erase(tagged, id) > 0)
                parts_.posts.patch(batch, mention->post_id)
                    .shard(post->value.user_id.str())
                    .if_version(post->version)
                    .set<&Post::tagged_users>(tagged);
        }
        step = std::max(step, co_await commit(std::move(batch)));
    }
    co_return step;
}

Task<Background::Step> Background::relist_tags(UserId id) {
    parts_.people.forget(id);
    auto const cards = co_await parts_.people.cards({id}, own_request());
    auto const account = account_of(cards.find(id));
    // Those that are as they would be for the other kind of account.
    auto const stale = store::where<&PostTag::user_id>(id) &&
                       (account == Account::open ? store::where<&PostTag::withheld>(true)
                                                 : store::where<&PostTag::listed>(true));
    auto const found =
        co_await parts_.tag_index.post_tags().list({.filter = stale, .limit = step_documents});
    if (found.empty()) co_return Step::done;
    store::Batch batch;
    co_await parts_.tag_index.relist(batch, found, account);
    co_return co_await commit(std::move(batch));
}

Task<> Background::bring_up_to_date() {
    auto step = Step::more;
    while (!up_to_date_ && step == Step::more) {
        step = co_await look_at_tags();
        up_to_date_ = step == Step::done;
    }
}

Task<Background::Step> Background::look_at_tags() {
    auto const found = co_await parts_.tag_index.post_tags().list(
        {.filter = store::where<&PostTag::withheld>.missing(),
         .order = {store::ascending<&PostTag::user_id>()},
         .limit = step_documents});
    std::map<UserId, std::vector<store::Stored<PostTag>>> by_author;
    std::vector<UserId> authors;
    for (auto const& use : found) {
        authors.push_back(use->user_id);
        by_author[use->user_id].push_back(use);
    }
    auto const cards = co_await parts_.people.cards(std::move(authors), own_request());
    auto step = Step::done;
    for (auto const& [author, uses] : by_author) {
        store::Batch batch;
        co_await parts_.tag_index.relist(batch, uses, account_of(cards.find(author)));
        step = std::max(step, co_await commit(std::move(batch)));
    }
    co_return step;
}

}  // namespace grover::post
