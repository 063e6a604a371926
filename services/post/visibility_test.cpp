#include "post/visibility.hpp"

#include <gtest/gtest.h>

namespace grover::post {
namespace {

auto const author_id = UserId::trusted("user_author");
auto const viewer_id = UserId::trusted("user_viewer");

BOOST_DEFINE_ENUM_CLASS(Relation, self, follower, stranger, blocked, muted, anonymous, moderator)

contracts::Relations relations(Relation relation) {
    contracts::Relations out;
    out.user_id = viewer_id;
    if (relation == Relation::follower) out.following = {author_id};
    // A block may stand although a follow was never taken back; it wins.
    if (relation == Relation::blocked) out.blocked = out.following = {author_id};
    if (relation == Relation::muted) out.muted = {author_id};
    return out;
}

Onlooker onlooker(Relation relation) {
    if (relation == Relation::anonymous) return {};
    auth::Caller caller;
    caller.user_id = relation == Relation::self ? author_id : viewer_id;
    caller.roles = {auth::Role::user};
    if (relation == Relation::moderator) caller.roles.push_back(auth::Role::moderator);
    return {caller, std::make_shared<RelationSets const>(relations(relation))};
}

/// The rule once more, as a table from relation to what it may see of a public account's post with
/// audience public, followers, private; and of a private account's.
struct Row {
    Relation relation;
    std::array<bool, 3> open, closed;
};
constexpr bool yes = true, no = false;
constexpr Row table[] = {
    {Relation::self, {yes, yes, yes}, {yes, yes, yes}},
    {Relation::follower, {yes, yes, no}, {yes, yes, no}},
    {Relation::stranger, {yes, no, no}, {no, no, no}},
    {Relation::blocked, {no, no, no}, {no, no, no}},
    {Relation::muted, {yes, no, no}, {no, no, no}},
    {Relation::anonymous, {yes, no, no}, {no, no, no}},
    {Relation::moderator, {yes, yes, yes}, {yes, yes, yes}},
};

TEST(Visibility, is_as_the_table_says_for_every_relation_audience_and_account) {
    for (auto const& row : table)
        for (bool const private_account : {false, true})
            for (std::size_t i = 0; i < 3; ++i) {
                Post post;
                post.user_id = author_id;
                post.visibility = static_cast<Visibility>(i);
                UserCard card;
                card.user_id = author_id;
                card.is_private = private_account;
                EXPECT_EQ(visible(post, &card, onlooker(row.relation)),
                          (private_account ? row.closed : row.open)[i])
                    << reflect::name_of(row.relation) << " " << reflect::name_of(post.visibility)
                    << (private_account ? " private" : "");
            }
}

TEST(Visibility, nobody_sees_the_post_of_somebody_who_is_gone) {
    Post post;
    post.user_id = author_id;
    for (auto const& row : table)
        EXPECT_FALSE(visible(post, nullptr, onlooker(row.relation)))
            << reflect::name_of(row.relation);
}

TEST(Visibility, people_in_lists_are_hidden_by_blocks_and_by_being_gone) {
    UserCard const card{.user_id = author_id, .name = "Ann", .picture = {}, .is_private = true};
    for (auto const& row : table) {
        EXPECT_EQ(visible(author_id, &card, onlooker(row.relation)),
                  row.relation != Relation::blocked)
            << reflect::name_of(row.relation);
        EXPECT_FALSE(visible(author_id, nullptr, onlooker(row.relation)));
    }
}

TEST(Visibility, muted_people_are_not_offered) {
    for (auto const& row : table) {
        EXPECT_EQ(unwanted(author_id, onlooker(row.relation), Surface::offered),
                  row.relation == Relation::muted);
        EXPECT_FALSE(unwanted(author_id, onlooker(row.relation), Surface::asked_for));
    }
}

TEST(Visibility, an_admin_moderates_and_a_creator_does_not) {
    Post post;
    post.user_id = author_id;
    post.visibility = Visibility::private_;
    UserCard card;
    card.user_id = author_id;
    auto const none = std::make_shared<RelationSets const>();
    auto const sees = [&](auth::Role role) {
        auth::Caller caller;
        caller.user_id = viewer_id;
        caller.roles = {role};
        return visible(post, &card, Onlooker(caller, none));
    };
    EXPECT_TRUE(sees(auth::Role::admin));
    EXPECT_FALSE(sees(auth::Role::creator));
    EXPECT_FALSE(sees(auth::Role::user));
}

}  // namespace
}  // namespace grover::post
