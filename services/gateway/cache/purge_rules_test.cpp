#include "gateway/cache/purge_rules.hpp"

#include <gtest/gtest.h>

#include "base/config.hpp"
#include "gateway/config/load.hpp"

namespace grover::gateway::cache {
namespace {

using Tags = std::vector<std::string>;

std::string refusal_of(std::string const& purge) {
    try {
        parse_config({"f", "cache:\n  purge:\n" + purge});
        return {};
    } catch (ConfigError const& e) {
        return e.what();
    }
}

TEST(PurgeRules, FillInMembersOfTheEvent) {
    auto const config = parse_config({"f",
                                      "cache:\n"
                                      "  purge:\n"
                                      "    user.relation_changed.v1: ['user:{user_id}', "
                                      "'user:{other_id}', people]\n"
                                      "    post.created.v1: ['{user_id}-{post_id}']\n"});
    auto const& rules = config.cache.purge;
    EXPECT_EQ(tags_of(rules, "user.relation_changed.v1", {{"user_id", "a"}, {"other_id", "b"}}),
              (Tags{"user:a", "user:b", "people"}));
    EXPECT_EQ(tags_of(rules, "post.created.v1", {{"user_id", "a"}, {"post_id", "p"}}), Tags{"a-p"});
}

TEST(PurgeRules, LeaveOutWhatTheEventDoesNotSay) {
    PurgeRules const rules{{"a.v1", {"user:{user_id}", "fixed"}}, {"b.v1", {}}};
    for (boost::json::value const& data : {boost::json::value(),
                                           {{"user_id", nullptr}},
                                           {{"user_id", 7}},
                                           {{"user", "u"}},
                                           {{"user_id", {"u"}}},
                                           boost::json::value("u")})
        EXPECT_EQ(tags_of(rules, "a.v1", data), Tags{"fixed"}) << data;
    EXPECT_EQ(tags_of(rules, "b.v1", {{"user_id", "u"}}), Tags{});
    EXPECT_EQ(tags_of(rules, "c.v1", {{"user_id", "u"}}), Tags{});
    EXPECT_EQ(tags_of({}, "a.v1", {{"user_id", "u"}}), Tags{});
}

TEST(PurgeRules, AreCheckedAgainstTheEventsThatThereAre) {
    EXPECT_EQ(refusal_of("    user.updated.v1: ['user:{user_id}']\n"
                         "    user.updatd.v1: ['user:{user_id}']\n"
                         "    post.deleted.v1:\n"
                         "      - 'post:{post_id}'\n"
                         "      - 'user:{userid}'\n"
                         "    post.created.v1: ['user:{tagged_users}']\n"),
              "f:4: there is no event 'user.updatd.v1'; did you mean 'user.updated.v1'?\n"
              "f:7: the event has no text 'userid'; did you mean 'user_id'?\n"
              "f:8: the event has no text 'tagged_users'; there is post_id, user_id");
    EXPECT_EQ(refusal_of("    user.updated.v1: [a b]\n"),
              "f:3: 'a b' is no tag: it has no blank and no comma, and its braces hold the name "
              "of a member");
    for (auto const* purge : {
             "    user.updated.v1: ['a,b']\n",
             "    user.updated.v1: ['']\n",
             "    user.updated.v1: ['user:{user_id']\n",
             "    user.updated.v1: ['user:user_id}']\n",
             "    user.updated.v1: ['{}']\n",
             "    user.updated.v1: ['{ user_id }']\n",
             "    user.updated.v1: 'user:{user_id}'\n",
             "    user.updated.v1: {user_id: user}\n",
             "    user.updated.v1: [[a]]\n",
             "    '': [a]\n",
             "    - user.updated.v1\n",
             "    user.updated.v1: [a]\n    user.updated.v1: [b]\n",
         })
        EXPECT_TRUE(refusal_of(purge).starts_with("f:")) << purge;
    EXPECT_EQ(refusal_of("    user.updated.v1: [people, 'user:{user_id}']\n"), "");
    EXPECT_EQ(refusal_of("    user.updated.v1:\n"), "");
}

}  // namespace
}  // namespace grover::gateway::cache
