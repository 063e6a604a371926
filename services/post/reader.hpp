// From stored posts to what a caller is shown: the way of every read of posts.
//
// visible() (visibility.hpp) decides for each post, and for the original of a repost, when it is
// read. People's cards come in one call per page, a viewer's engagements and the originals in one
// read each: nothing is awaited per post.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "http/extract.hpp"
#include "http/reply.hpp"
#include "post/engagement.hpp"
#include "post/paging.hpp"
#include "post/people.hpp"
#include "post/post.hpp"
#include "post/visibility.hpp"
#include "store/collection.hpp"

namespace grover::post {

/// A candidate for a list: the post, nothing where it is gone, and the position after it.
struct Row {
    std::optional<Post> post;
    http::Position at;
};

/// Where candidates come from, as fill_page() reads them.
struct Rows {
    std::size_t cursor_size = 1;
    std::function<Task<std::vector<Row>>(std::optional<http::Position> after, std::size_t limit)>
        fetch;
};

/// A post that may be shown, with what it reposts and their authors.
struct Shown {
    Post post;
    PersonView author;
    std::optional<Post> original;  // of a repost of one's own there may be none
    PersonView original_author;
};

/// Thread-safe.
class PostReader {
public:
    PostReader(store::DocumentStore& store, People& people);

    /// Throws Error (not_found) when there is no such post, or not for the onlooker.
    Task<Shown> find(PostId const& id, Onlooker const& onlooker, http::RequestInfo const& info);
    /// The same for a post that has been read already.
    Task<Shown> show(Post post, Onlooker const& onlooker, http::RequestInfo const& info);
    Task<PostView> view(Shown shown, Onlooker const& onlooker);
    Task<PostView> find_view(PostId const& id, Onlooker const& onlooker,
                             http::RequestInfo const& info);

    /// A full page of what the onlooker may see, and where the next one begins.
    Task<http::List<PostView>> page(http::PageRequest const& page, Onlooker const& onlooker,
                                    Surface surface, http::RequestInfo const& info, Rows rows);

    /// The same order, without what is hidden.
    Task<std::vector<Shown>> filter(std::vector<Post> posts, Onlooker const& onlooker,
                                    Surface surface, http::RequestInfo const& info);
    Task<std::vector<PostView>> views(std::vector<Shown> shown, Onlooker const& onlooker);

private:
    struct Candidate {
        Shown shown;
        http::Position at;
    };
    Task<std::vector<Candidate>> visible_rows(std::vector<Row> rows, Onlooker const& onlooker,
                                              Surface surface, http::RequestInfo const& info);

    store::Collection<Post> posts_;
    Engagements engagements_;
    People& people_;
};

PersonView person_of(UserCard const& card);

/// Rows of posts, newest first, that match `filter`.
Rows newest_first(store::Collection<Post> posts, store::Where<Post> filter);

/// Rows of the posts that documents of another collection name in their member `post_id`: in their
/// order, without those that are gone.
template <class T>
Rows named_by(store::Collection<Post> posts, store::Collection<T> documents, store::Where<T> filter,
              std::vector<store::OrderBy<T>> order) {
    auto fetch = [=](std::optional<http::Position> after,
                     std::size_t limit) -> Task<std::vector<Row>> {
        auto const named = co_await documents.list({.filter = filter,
                                                    .order = order,
                                                    .limit = limit,
                                                    .after = after.value_or(http::Position())});
        std::vector<PostId> ids;
        for (auto const& item : named) ids.push_back(item->post_id);
        auto found = co_await posts.find_many(std::move(ids));
        std::vector<Row> out;
        for (std::size_t i = 0; i < named.size(); ++i) {
            auto& row = out.emplace_back();
            if (found[i]) row.post = std::move(found[i]->value);
            row.at = store::Collection<T>::position(order, *named[i]);
        }
        co_return out;
    };
    return {order.size() + 1, std::move(fetch)};
}

}  // namespace grover::post
