#include "post/tag_index.hpp"

#include <algorithm>
#include <map>

#include "post/tags.hpp"

namespace grover::post {
namespace {

PostTag tag_of(Post const& post, std::string const& tag) {
    return {tag + "#" + post.post_id.str(),
            tag,
            post.post_id,
            post.user_id,
            post.listed(),
            post.created_at};
}

std::string mention_id(UserId const& user, PostId const& post) {
    return user.str() + ":" + post.str();
}

bool contains(auto const& list, auto const& value) {
    return std::ranges::find(list, value) != list.end();
}

}  // namespace

TagIndex::TagIndex(store::DocumentStore& store)
    : post_tags_(store, "post_tags"), tags_(store, "tags"), mentions_(store, "mentions") {}

Task<> TagIndex::change(store::Batch& batch, Post const& before, Post const& after) const {
    std::map<std::string, std::int64_t> changes;  // of tags' counts
    for (auto const& tag : before.tags) {
        if (before.listed()) --changes[tag];
        if (!contains(after.tags, tag))
            post_tags_.remove(batch, tag_of(before, tag).id, {.ignore_missing = true});
    }
    for (auto const& tag : after.tags) {
        if (after.listed()) ++changes[tag];
        if (!contains(before.tags, tag) || before.listed() != after.listed())
            post_tags_.upsert(batch, tag_of(after, tag));
    }
    std::erase_if(changes, [](auto const& change) { return change.second == 0; });
    if (changes.empty()) co_return;
    std::vector<std::string> names;
    for (auto const& [tag, by] : changes) names.push_back(tag);
    auto const known = co_await tags_.find_many(names);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (known[i])
            tags_.patch(batch, names[i]).inc<&Tag::posts_count>(changes[names[i]]);
        else if (changes[names[i]] > 0)
            tags_.insert(batch, {names[i], changes[names[i]]});
    }
}

Task<> TagIndex::add(store::Batch& batch, Post const& post) const {
    Post const none;
    co_await change(batch, none, post);
}

Task<> TagIndex::remove(store::Batch& batch, Post const& post) const {
    Post const none;
    co_await change(batch, post, none);
}

void TagIndex::change_mentions(store::Batch& batch, PostId const& post,
                               std::vector<UserId> const& before,
                               std::vector<UserId> const& after) const {
    for (auto const& user : before)
        if (!contains(after, user))
            mentions_.remove(batch, mention_id(user, post), {.ignore_missing = true});
    for (auto const& user : after)
        if (!contains(before, user)) mentions_.upsert(batch, {mention_id(user, post), user, post});
}

std::vector<UserId> mention_candidates(Post const& post) {
    auto out = post.tagged_users;
    for (auto& user : mentions_in(post.content))
        if (!contains(out, user)) out.push_back(std::move(user));
    return out;
}

}  // namespace grover::post
