#include "post/tag_index.hpp"

#include <algorithm>

#include "post/tags.hpp"

namespace grover::post {
namespace {

std::string use_id(std::string const& tag, Post const& post) {
    return tag + "#" + post.post_id.str();
}

PostTag use_of(std::string const& tag, Post const& post, Account account) {
    return {use_id(tag, post),
            tag,
            post.post_id,
            post.user_id,
            post.listed() && account == Account::open,
            post.listed() && account == Account::closed,
            post.created_at};
}

std::string mention_id(UserId const& user, PostId const& post) {
    return user.str() + ":" + post.str();
}

bool contains(auto const& list, auto const& value) {
    return std::ranges::find(list, value) != list.end();
}

}  // namespace

Account account_of(UserCard const* card) {
    return card && !card->is_private ? Account::open : Account::closed;
}

TagIndex::TagIndex(store::DocumentStore& store)
    : post_tags_(store, "post_tags"), tags_(store, "tags"), mentions_(store, "mentions") {}

Task<> TagIndex::change(store::Batch& batch, Post const& before, Post const& after,
                        Account account) const {
    std::vector<std::string> ids;
    for (auto const& tag : before.tags) ids.push_back(use_id(tag, before));
    auto const uses = co_await post_tags_.find_many(std::move(ids));
    Changes changes;
    for (auto const& use : uses) {
        if (!use) continue;
        if (use->value.listed) --changes[use->value.tag];
        // The version: whether it is counted must be as it was read.
        if (!contains(after.tags, use->value.tag))
            post_tags_.remove(batch, use->value.id, {.if_version = use->version});
    }
    for (auto const& tag : after.tags) {
        auto const wanted = use_of(tag, after, account);
        if (wanted.listed) ++changes[tag];
        auto const known = std::ranges::find_if(
            uses, [&](auto const& use) { return use && use->value.tag == tag; });
        if (known == uses.end())
            post_tags_.upsert(batch, wanted);
        else if ((*known)->value.listed != wanted.listed ||
                 (*known)->value.withheld != wanted.withheld)
            post_tags_.replace(batch, wanted, (*known)->version);
    }
    co_await count(batch, std::move(changes));
}

Task<> TagIndex::relist(store::Batch& batch, std::vector<store::Stored<PostTag>> const& uses,
                        Account account) const {
    Changes changes;
    for (auto const& use : uses) {
        bool const shown = use->listed || use->withheld.value_or(false);
        auto after = use.value;
        after.listed = shown && account == Account::open;
        after.withheld = shown && account == Account::closed;
        if (after.listed != use->listed) changes[use->tag] += after.listed ? 1 : -1;
        post_tags_.replace(batch, after, use.version);
    }
    co_await count(batch, std::move(changes));
}

Task<> TagIndex::count(store::Batch& batch, Changes changes) const {
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

Task<> TagIndex::add(store::Batch& batch, Post const& post, Account account) const {
    Post const none;
    co_await change(batch, none, post, account);
}

Task<> TagIndex::remove(store::Batch& batch, Post const& post) const {
    Post const none;
    co_await change(batch, post, none, Account::closed);
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
