#include "post/query.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::post {
namespace {

using Words = std::vector<std::string>;

TEST(SearchQuery, has_words_and_the_last_is_being_typed) {
    auto const query = parse_query("Flat WHITE cof");
    EXPECT_EQ(query.words, (Words{"flat", "white", "cof"}));
    EXPECT_TRUE(query.last_is_prefix);
    EXPECT_FALSE(parse_query("coffee ").last_is_prefix);
    EXPECT_FALSE(parse_query("cof #tag").last_is_prefix);
    EXPECT_FALSE(parse_query("cof \"flat white\"").last_is_prefix);
    EXPECT_FALSE(parse_query("cof from:user_a").last_is_prefix);
}

TEST(SearchQuery, has_phrases) {
    auto const query = parse_query(R"(a "flat white" b"big cup"c)");
    EXPECT_EQ(query.phrases, (std::vector<Words>{{"flat", "white"}, {"big", "cup"}}));
    EXPECT_EQ(query.words, (Words{"a", "b", "c"}));
    EXPECT_EQ(parse_query(R"("flat white)").phrases, (std::vector<Words>{{"flat", "white"}}));
    EXPECT_EQ(parse_query(R"("one")").words, Words{"one"});
}

TEST(SearchQuery, has_tags_and_an_author) {
    auto const query = parse_query("#Berlin coffee from:user_1 \uff03Caf\u00c9");
    EXPECT_EQ(query.tags, (Words{"berlin", "caf\u00e9"}));
    EXPECT_EQ(query.from, UserId::trusted("user_1"));
    EXPECT_EQ(query.words, Words{"coffee"});
}

TEST(SearchQuery, any_text_is_one) {
    for (auto const* text : {"", " ", "\"", "\"\"", "!!", "--", "()", "*", "# ", "#"})
        EXPECT_TRUE(parse_query(text).empty()) << text;
    EXPECT_EQ(parse_query("from:").words, Words{"from"});
    EXPECT_EQ(parse_query("from:a/b").words, (Words{"from", "a", "b"}));
    EXPECT_EQ(parse_query("#12").words, Words{"12"});
    EXPECT_EQ(parse_query("a AND b OR NOT c").words, (Words{"a", "and", "b", "or", "not", "c"}));
    EXPECT_EQ(parse_query("NEAR(a, 2)").words, (Words{"near", "a", "2"}));
}

TEST(SearchQuery, is_bounded) {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "w" + std::to_string(i) + " ";
    EXPECT_EQ(parse_query(text).words.size(), limits::search_words_max);
    EXPECT_EQ(parse_query(std::string(1'000, '"')).phrases.size(), 0u);
}

}  // namespace
}  // namespace grover::post
