#include "post/visibility.hpp"

#include <algorithm>

namespace grover::post {

RelationSets::RelationSets(contracts::Relations relations)
    : following_(std::move(relations.following)),
      blocked_(std::move(relations.blocked)),
      muted_(std::move(relations.muted)) {
    for (auto* set : {&following_, &blocked_, &muted_}) std::ranges::sort(*set);
}

bool RelationSets::has(std::vector<UserId> const& sorted, UserId const& id) {
    return std::ranges::binary_search(sorted, id);
}

Onlooker::Onlooker() {
    static auto const none = std::make_shared<RelationSets const>();
    relations_ = none;
}

Onlooker::Onlooker(auth::Caller const& caller, std::shared_ptr<RelationSets const> relations)
    : id_(caller.user_id), moderates_(caller.can_moderate()), relations_(std::move(relations)) {}

bool visible(Post const& post, UserCard const* author, Onlooker const& onlooker) {
    if (!author) return false;
    if (onlooker.is(post.user_id) || onlooker.moderates()) return true;
    if (onlooker.relations().blocks(post.user_id)) return false;
    if (post.visibility == Visibility::private_) return false;
    if (post.visibility == Visibility::followers || author->is_private)
        return onlooker.relations().follows(post.user_id);
    return true;
}

bool visible(UserId const& person, UserCard const* card, Onlooker const& onlooker) {
    return card && !kept_apart(person, onlooker);
}

bool kept_apart(UserId const& person, Onlooker const& onlooker) {
    return !onlooker.is(person) && !onlooker.moderates() && onlooker.relations().blocks(person);
}

bool unwanted(UserId const& author, Onlooker const& onlooker, Surface surface) {
    return surface == Surface::offered && onlooker.relations().mutes(author);
}

}  // namespace grover::post
