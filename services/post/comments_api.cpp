#include "post/comments_api.hpp"

#include "post/comment_removal.hpp"
#include "post/retry.hpp"

namespace grover::post {
namespace {

CommentView view_of(Comment comment, PersonView author) {
    CommentView view;
    static_cast<Comment&>(view) = std::move(comment);
    view.user = std::move(author);
    return view;
}

}  // namespace

Task<std::vector<CommentsApi::Item>> CommentsApi::filter(std::vector<Item> items,
                                                         UserId const& post_author,
                                                         Onlooker const& onlooker,
                                                         http::RequestInfo const& info) {
    if (items.empty()) co_return items;
    std::vector<UserId> ids;
    for (auto const& item : items) ids.push_back(item.comment.user_id);
    auto const cards = co_await parts_.people.cards(std::move(ids), info);
    auto const author_relations = co_await parts_.people.relations(post_author, info);
    std::erase_if(items, [&](Item const& item) {
        auto const& user = item.comment.user_id;
        if (!visible(user, cards.find(user), onlooker)) return true;
        return author_relations->blocks(user) && !onlooker.is(user) && !onlooker.moderates();
    });
    for (auto& item : items) item.author = person_of(*cards.find(item.comment.user_id));
    co_return items;
}

Task<std::vector<CommentView>> CommentsApi::views(std::vector<Item> items,
                                                  Onlooker const& onlooker) {
    std::vector<std::optional<store::Stored<CommentLike>>> likes(items.size());
    if (onlooker.id() && !items.empty()) {
        std::vector<std::string> ids;
        for (auto const& item : items)
            ids.push_back(comment_like_id(item.comment.comment_id, *onlooker.id()));
        likes = co_await parts_.comment_likes.find_many(std::move(ids));
    }
    std::vector<CommentView> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
        out.push_back(view_of(std::move(items[i].comment), std::move(items[i].author)));
        out.back().liked = likes[i].has_value();
    }
    co_return out;
}

Task<http::List<CommentView>> CommentsApi::page(http::PageRequest const& page,
                                                store::Where<Comment> where,
                                                UserId const& post_author, Onlooker const& onlooker,
                                                http::RequestInfo const& info) {
    auto const fetch = [&](std::optional<http::Position> after,
                           std::size_t limit) -> Task<std::vector<Item>> {
        auto found =
            co_await parts_.comments.list({.filter = where,
                                           .order = {store::descending<&Comment::comment_id>()},
                                           .limit = limit,
                                           .after = after.value_or(http::Position())});
        std::vector<Item> out;
        for (auto& comment : found) {
            http::Position at{boost::json::string(comment->comment_id.str())};
            out.push_back({std::move(comment.value), std::move(at), {}});
        }
        co_return out;
    };
    auto filled = co_await fill_page<Item>(page, 1, fetch, [&](std::vector<Item> items) {
        return filter(std::move(items), post_author, onlooker, info);
    });
    co_return http::List<CommentView>{co_await views(std::move(filled.items), onlooker),
                                      std::move(filled.next)};
}

Task<store::Stored<Comment>> CommentsApi::stored(CommentId const& id) {
    auto found = co_await parts_.comments.find(id);
    bool there = found.has_value();
    if (there && found->value.parent_comment_id)  // A reply goes with what it replies to.
        there = (co_await parts_.comments.find(*found->value.parent_comment_id)).has_value();
    if (there) there = (co_await parts_.posts.find(found->value.post_id)).has_value();
    if (!there) throw Error(ErrorCode::not_found, "there is no such comment");
    co_return *std::move(found);
}

Task<CommentsApi::Found> CommentsApi::find(CommentId const& id, Onlooker const& onlooker,
                                           http::RequestInfo const& info) {
    auto found = co_await stored(id);
    auto shown = co_await parts_.reader.find(found->post_id, onlooker, info);
    std::vector<Item> one;
    one.push_back({found.value, {}, {}});
    auto left = co_await filter(std::move(one), shown.post.user_id, onlooker, info);
    if (left.empty()) throw Error(ErrorCode::not_found, "there is no such comment");
    co_return Found{std::move(found), std::move(shown), std::move(left.front().author)};
}

Task<store::Stored<Comment>> CommentsApi::find_to_remove(CommentId const& id,
                                                         Onlooker const& onlooker,
                                                         http::RequestInfo const& info) {
    auto comment = co_await stored(id);
    if (onlooker.is(comment->user_id)) co_return comment;
    auto found = co_await find(id, onlooker, info);
    if (!onlooker.is(found.post.post.user_id) && !onlooker.moderates())
        throw Error(ErrorCode::forbidden, "this comment is not yours");
    co_return std::move(found.comment);
}

Task<http::List<CommentView>> CommentsApi::list(auth::Viewer viewer, PostPath id, http::Page<> page,
                                                http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const shown = co_await parts_.reader.find(*id, onlooker, info);
    co_return co_await this->page(
        page,
        store::where<&Comment::post_id>(*id) && store::where<&Comment::parent_comment_id>.missing(),
        shown.post.user_id, onlooker, info);
}

Task<http::List<CommentView>> CommentsApi::replies(auth::Viewer viewer, CommentPath id,
                                                   http::Page<> page, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto const found = co_await find(*id, onlooker, info);
    co_return co_await this->page(page,
                                  store::where<&Comment::post_id>(found.comment->post_id) &&
                                      store::where<&Comment::parent_comment_id>(*id),
                                  found.post.post.user_id, onlooker, info);
}

Task<CommentView> CommentsApi::get(auth::Viewer viewer, CommentPath id, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(viewer, info);
    auto found = co_await find(*id, onlooker, info);
    std::vector<Item> one;
    one.push_back({std::move(found.comment.value), {}, std::move(found.author)});
    auto out = co_await views(std::move(one), onlooker);
    co_return std::move(out.front());
}

Task<http::Created<CommentView>> CommentsApi::create(auth::Caller caller, PostPath id,
                                                     CreateComment in, service::Unit unit,
                                                     http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    auto const cards = co_await parts_.people.cards({caller.user_id}, info);
    auto const* author = cards.find(caller.user_id);
    if (!author) throw Error(ErrorCode::unauthenticated, "the account is gone");
    Comment comment{.comment_id = CommentId::make(parts_.clock()),
                    .post_id = *id,
                    .user_id = caller.user_id,
                    .content = std::move(in.content.value),
                    .parent_comment_id = std::move(in.parent_comment_id),
                    .created_at = parts_.clock()};
    if (comment.parent_comment_id) {
        auto const parent = co_await find(*comment.parent_comment_id, onlooker, info);
        if (parent.comment->post_id != *id)
            throw Error({{"/parent_comment_id", "belongs to another post"}});
        // A reply to a reply stands beside it: threads are one level deep.
        if (parent.comment->parent_comment_id)
            comment.parent_comment_id = parent.comment->parent_comment_id;
    }
    using Reply = http::Created<CommentView>;
    Reply const reply{view_of(comment, person_of(*author)),
                      "/api/comments/" + comment.comment_id.str()};
    co_return co_await retried<Reply>([&]() -> Task<std::expected<Reply, store::Rejected>> {
        auto const shown = co_await parts_.reader.find(*id, onlooker, info);
        auto counted = shown.post;
        ++counted.comments_count;
        store::Batch batch;
        write_counters(batch, shown.post, counted);
        if (comment.parent_comment_id)
            parts_.comments.patch(batch, *comment.parent_comment_id)
                .shard(comment.post_id.str())
                .inc<&Comment::replies_count>();
        parts_.comments.insert(batch, comment);
        auto done = co_await unit.commit(std::move(batch), reply);
        if (!done && done.error().write == 1 && comment.parent_comment_id)
            throw Error(ErrorCode::not_found, "there is no such comment");
        co_return done;
    });
}

Task<http::Message> CommentsApi::remove(auth::Caller caller, CommentPath id, http::IfMatch if_match,
                                        service::Unit unit, http::RequestInfo info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    http::Message const reply{"Comment deleted"};
    co_return co_await retried<http::Message>(
        [&]() -> Task<std::expected<http::Message, store::Rejected>> {
            auto const comment = co_await find_to_remove(*id, onlooker, info);
            if_match.check(http::etag_of(view_of(*comment, {})));  // The edition is what counts.
            store::Batch batch;
            co_await remove_comment(parts_, batch, comment);
            co_return co_await unit.commit(std::move(batch), reply);
        });
}

Task<CommentOpinion> CommentsApi::set(Opinion opinion, auth::Caller const& caller,
                                      CommentId const& id, service::Unit& unit,
                                      http::RequestInfo const& info) {
    auto const onlooker = co_await parts_.people.onlooker(caller, info);
    auto const like_id = comment_like_id(id, caller.user_id);
    bool const liked = opinion == Opinion::like;
    co_return co_await retried<CommentOpinion>(
        [&]() -> Task<std::expected<CommentOpinion, store::Rejected>> {
            auto const before = co_await parts_.comment_likes.find(like_id);
            // A like can be taken back where the comment is hidden by now.
            auto const comment = *(before && !liked ? co_await stored(id)
                                                    : (co_await find(id, onlooker, info)).comment);
            if (before.has_value() == liked)
                co_return CommentOpinion{liked ? "already_liked" : "not_liked", liked,
                                         comment.likes_count};
            store::Batch batch;
            if (liked)
                parts_.comment_likes.insert(
                    batch, {like_id, id, comment.parent_comment_id.value_or(id), caller.user_id,
                            comment.post_id, parts_.clock()});
            else
                parts_.comment_likes.remove(batch, like_id);
            auto const by = liked ? 1 : -1;
            parts_.comments.patch(batch, id)
                .shard(comment.post_id.str())
                .inc<&Comment::likes_count>(by);
            co_return co_await unit.commit(
                std::move(batch),
                CommentOpinion{liked ? "liked" : "unliked", liked, comment.likes_count + by});
        });
}

Task<CommentOpinion> CommentsApi::like(auth::Caller caller, CommentPath id, service::Unit unit,
                                       http::RequestInfo info) {
    co_return co_await set(Opinion::like, caller, *id, unit, info);
}

Task<CommentOpinion> CommentsApi::unlike(auth::Caller caller, CommentPath id, service::Unit unit,
                                         http::RequestInfo info) {
    co_return co_await set(Opinion::none, caller, *id, unit, info);
}

}  // namespace grover::post
