#include "post/tags.hpp"

#include <gtest/gtest.h>

namespace grover::post {
namespace {

using Tags = std::vector<std::string>;

TEST(Hashtags, are_words_of_any_script) {
    EXPECT_EQ(hashtags_in("#hello"), Tags{"hello"});
    EXPECT_EQ(
        hashtags_in("a #Caf\u00c9, #\u65e5\u672c\u8a9e! (#\u041f\u0440\u0438\u0432\u0435\u0442) "
                    "#\u0939\u093f\u0928\u094d\u0926\u0940"),
        (Tags{"caf\u00e9", "\u65e5\u672c\u8a9e", "\u043f\u0440\u0438\u0432\u0435\u0442",
              "\u0939\u093f\u0928\u094d\u0926\u0940"}));
    EXPECT_EQ(hashtags_in("#snake_case #2026goals #a1"), (Tags{"snake_case", "2026goals", "a1"}));
    EXPECT_EQ(hashtags_in("\uff03full"), Tags{"full"});
    EXPECT_EQ(hashtags_in("#\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
              Tags{"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"});  // with a joiner inside
    EXPECT_EQ(hashtags_in("line\n#next\t#tab"), (Tags{"next", "tab"}));
}

TEST(Hashtags, end_where_the_word_ends) {
    EXPECT_EQ(hashtags_in("#rust's #c++ #a-b #x\U0001f98a #y\u2019s #z\u3002"),
              (Tags{"rust", "c", "a", "x", "y", "z"}));
}

TEST(Hashtags, are_each_counted_once_whatever_their_case) {
    EXPECT_EQ(hashtags_in("#Berlin #berlin #BERLIN #\u0411\u0415\u0420 #\u0431\u0435\u0440"),
              (Tags{"berlin", "\u0431\u0435\u0440"}));
}

TEST(Hashtags, are_not_found_where_there_are_none) {
    for (auto const* text :
         {"", "#", "##", "# a", "#1", "#123 456", "a#b", "\u00e9#b", "page/#top", "&#39;", "##a",
          "#!", "#-a", "http://x.org/#frag", "#\U0001f98a", "5#a", "_#a"})
        EXPECT_TRUE(hashtags_in(text).empty()) << text;
}

TEST(Hashtags, are_bounded) {
    EXPECT_EQ(hashtags_in("#" + std::string(tag_length_max, 'a')).size(), 1u);
    EXPECT_TRUE(hashtags_in("#" + std::string(tag_length_max + 1, 'a')).empty());
    std::string many;
    for (int i = 0; i < 100; ++i) many += "#t" + std::to_string(i) + " ";
    EXPECT_EQ(hashtags_in(many).size(), tags_max);
}

TEST(Tag, given_by_itself_needs_no_sign) {
    EXPECT_EQ(as_tag("Foo"), "foo");
    EXPECT_EQ(as_tag("#Foo"), "foo");
    EXPECT_EQ(as_tag("\uff03Foo"), "foo");
    for (auto const* text : {"", "#", "a b", "a#b", "12", "a!", "##a", " a", "\xff", "a\xc3"})
        EXPECT_FALSE(as_tag(text)) << text;
}

TEST(Mentions, are_ids_of_users_that_begin_a_word) {
    auto const ids = [](std::string_view text) {
        std::vector<std::string> out;
        for (auto const& id : mentions_in(text)) out.push_back(id.str());
        return out;
    };
    using Ids = std::vector<std::string>;
    EXPECT_EQ(ids("@user_a hi (@user_B-2), @user_a."), (Ids{"user_a", "user_B-2"}));
    EXPECT_EQ(ids("@user_"), Ids{"user_"});
    for (auto const* text : {"", "@", "@ann", "a@user_x", "\u00e9@user_x", "_@user_x", "@ user_x",
                             "me@user_host.org@user_y"})
        EXPECT_TRUE(ids(text).empty()) << text;
    EXPECT_TRUE(ids("@user_" + std::string(60, 'x')).empty());  // No id is that long.
    EXPECT_EQ(ids("@user_" + std::string(60, 'x') + " @user_y"), Ids{"user_y"});
}

}  // namespace
}  // namespace grover::post
