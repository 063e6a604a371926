#include "base/error.hpp"
#include "base/limits.hpp"
#include "net/deadline.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

using namespace store;
using Op = Condition::Op;
using Words = std::vector<std::string>;

void contract::searches() {}

namespace {

Insert thing(std::string id, std::string title, json::value a = nullptr) {
    return {"things", {{"_id", id}, {"title", title}, {"a", a}}};
}

}  // namespace

TEST_P(StoreContract, SearchWantsAllWordsAndTheBeginningOfTheLast) {
    apply(thing("1", "The quick brown fox"), thing("2", "A quick blue hare and a longer text"),
          thing("3", "brownian motion in a glass of water"));
    auto const words = [&](Words w) { return search({.collection = "things", .words = w}); };
    EXPECT_EQ(words({"quick"}), "1 2");  // the shorter text ranks first
    EXPECT_EQ(words({"quick", "brown"}), "1");
    EXPECT_EQ(words({"brown"}), "1 3");
    EXPECT_EQ(words({"bro"}), "1 3");
    EXPECT_EQ(words({"bro", "quick"}), "");  // only the last one is a beginning
    EXPECT_EQ(words({"quick", "bl"}), "2");
    EXPECT_EQ(words({"absent"}), "");
    EXPECT_EQ(search({.collection = "things", .words = {"bro"}, .last_is_prefix = false}), "");
    EXPECT_EQ(search({.collection = "things", .words = {"brown"}, .last_is_prefix = false}), "1");
}

TEST_P(StoreContract, SearchComparesWithoutCaseAndAccents) {
    apply(thing("1", "École GRÜSSE Ελλάδα"), thing("2", "Việt Nam naïve"), thing("3", "हिन्दी में"));
    auto const words = [&](Words w) { return search({.collection = "things", .words = w}); };
    EXPECT_EQ(words({"ecole"}), "1");
    EXPECT_EQ(words({"ÉCOLE"}), "1");
    EXPECT_EQ(words({"e\u0301cole"}), "1");  // the accent as a character of its own
    EXPECT_EQ(words({"grusse"}), "1");
    EXPECT_EQ(words({"ΕΛΛΆΔΑ"}), "1");
    EXPECT_EQ(words({"viet", "nam"}), "2");
    EXPECT_EQ(words({"NAIVE"}), "2");
    EXPECT_EQ(words({"हिन्दी"}), "3");
    EXPECT_EQ(words({"हिन"}), "3");
}

TEST_P(StoreContract, SearchFindsPhrases) {
    apply(thing("1", "new york city"), thing("2", "york is new to the city"));
    auto const phrase = [&](std::vector<Words> p, Words w = {}) {
        return search({.collection = "things", .words = w, .phrases = p});
    };
    EXPECT_EQ(phrase({{"new", "york"}}), "1");
    EXPECT_EQ(phrase({{"York", "IS"}}), "2");
    EXPECT_EQ(phrase({{"york", "new"}}), "");
    EXPECT_EQ(phrase({{"new", "york"}, {"york", "city"}}), "1");
    EXPECT_EQ(phrase({{"the", "city"}}, {"yo"}), "2");
    EXPECT_EQ(phrase({{"york", "cit"}}), "");  // phrases are of whole words
}

TEST_P(StoreContract, SearchTextIsNeverAnOperator) {
    apply(thing("1", "cats and dogs"), thing("2", "cats not dogs"), thing("3", "near miss"));
    auto const words = [&](Words w) { return search({.collection = "things", .words = w}); };
    EXPECT_EQ(words({"cats", "OR", "miss"}), "");
    EXPECT_EQ(words({"cats", "NOT", "dogs"}), "2");
    EXPECT_EQ(words({"cats", "AND", "dogs"}), "1");
    EXPECT_EQ(words({"NEAR"}), "3");
    EXPECT_EQ(words({"\"cats\""}), "1 2");
    EXPECT_EQ(words({"cats*"}), "1 2");
    EXPECT_EQ(words({"ca*ts"}), "");
    EXPECT_EQ(words({"title:cats"}), "");
    EXPECT_EQ(words({"^near"}), "3");
    EXPECT_EQ(words({"-cats"}), "1 2");
    EXPECT_EQ(words({"(cats)"}), "1 2");
    EXPECT_EQ(words({"cats-and-dogs"}), "1");  // what is cut apart stays a phrase
    EXPECT_EQ(words({"dogs-and-cats"}), "");
    EXPECT_EQ(words({"'; DROP TABLE things; --"}), "");
    EXPECT_EQ(words({std::string("cats\0dogs", 9)}), "");
    for (std::string const text : {"\"", "\"\"", "*", "+", "{}", ":", "^", "", " ", "😀", "\\"})
        EXPECT_EQ(words({text}), "") << text;
    EXPECT_EQ(words({}), "");
    EXPECT_EQ(words({"!", "miss"}), "3");  // what has no words asks for none
    EXPECT_EQ(search({.collection = "things", .phrases = {{}}}), "");
    EXPECT_EQ(search({.collection = "things", .words = {"miss"}, .phrases = {{"\"", "?"}}}), "3");
}

TEST_P(StoreContract, SearchLooksAtAllSearchableFields) {
    apply(Insert{"things",
                 {{"_id", "1"}, {"title", "one"}, {"tags", json::array{"red", "deep blue", 7}}}});
    apply(Insert{"things", {{"_id", "2"}, {"tags", "red"}, {"other", "one"}}});
    apply(Insert{"things", {{"_id", "3"}, {"title", 5}}});
    EXPECT_EQ(search({.collection = "things", .words = {"one", "red"}}), "1");
    EXPECT_EQ(search({.collection = "things", .phrases = {{"deep", "blue"}}}), "1");
    EXPECT_EQ(search({.collection = "things", .words = {"one"}}), "1");
    EXPECT_EQ(search({.collection = "things", .words = {"5"}}), "");
}

TEST_P(StoreContract, SearchFollowsEveryWrite) {
    apply(thing("1", "first words"));
    auto const words = [&](Words w) { return search({.collection = "things", .words = w}); };
    apply(Patch{.collection = "things", .id = "1", .set = {{"title", "second try"}}});
    EXPECT_EQ(words({"first"}), "");
    EXPECT_EQ(words({"second"}), "1");
    apply(Patch{.collection = "things", .id = "1", .inc = {{"likes", 1}}});
    EXPECT_EQ(words({"second"}), "1");
    apply(Replace{"things", {{"_id", "1"}, {"title", "third"}}});
    EXPECT_EQ(words({"second"}), "");
    EXPECT_EQ(words({"third"}), "1");
    apply(Upsert{"things", {{"_id", "1"}}});
    EXPECT_EQ(words({"third"}), "");
    apply(Upsert{"things", {{"_id", "1"}, {"title", "fourth"}}});
    reopen();
    EXPECT_EQ(words({"fourth"}), "1");
    apply(Remove{.collection = "things", .id = "1"});
    EXPECT_EQ(words({"fourth"}), "");
    apply(thing("2", "fifth"), RemoveAll{"things"});
    EXPECT_EQ(words({"fifth"}), "");
}

TEST_P(StoreContract, SearchFiltersAndPages) {
    for (auto i = 0; i < 6; ++i)
        apply(Insert{"things",
                     {{"_id", std::to_string(i)},
                      {"title", "same" + std::string(static_cast<std::size_t>(i), 'x') + " same"},
                      {"tags", json::array{"word"}},
                      {"a", i % 2 ? json::value("odd") : json::value(nullptr)},
                      {"b", i}}});
    auto const with = [&](Filter filter) {
        return sync(store_->search({.collection = "things", .words = {"word"}, .filter = filter}))
            .size();
    };
    EXPECT_EQ(with({}), 6u);
    EXPECT_EQ(with({{.field = "a", .value = "odd"}}), 3u);
    EXPECT_EQ(with({{.field = "a", .value = nullptr}}), 3u);
    EXPECT_EQ(with({{.field = "b", .op = Op::in, .value = json::array{1, 2, 9}}}), 2u);
    EXPECT_EQ(with({{.field = "b", .op = Op::in, .value = json::array{}}}), 0u);
    EXPECT_EQ(with({{.field = "b", .op = Op::greater, .value = 3}}), 2u);
    EXPECT_EQ(with({{.field = "b", .op = Op::less, .value = "z"}}), 0u);
    EXPECT_EQ(with({{.field = "a", .value = "odd"},
                    {.field = "b", .op = Op::less_equal, .value = 3},
                    {.field = "_id", .op = Op::greater, .value = "1"}}),
              1u);
    auto const all = search({.collection = "things", .words = {"word"}});
    std::string pages;
    for (std::size_t skip = 0; skip < 6; skip += 2)
        pages += (skip ? " " : "") +
                 search({.collection = "things", .words = {"word"}, .limit = 2, .skip = skip});
    EXPECT_EQ(pages, all);
    EXPECT_EQ(search({.collection = "things", .words = {"word"}, .skip = 6}), "");
}

TEST_P(StoreContract, SearchRanksWhatIsMoreAboutTheWordHigher) {
    apply(thing("passing", "a long text that mentions the river once, among many other things"),
          thing("about", "river river"), thing("other", "nothing of it"));
    EXPECT_EQ(search({.collection = "things", .words = {"river"}}), "about passing");
}

TEST_P(StoreContract, SearchesThatMakeNoSense) {
    EXPECT_WRONG(search({.collection = "nowhere", .words = {"a"}}));
    EXPECT_WRONG(search({.collection = "counters", .words = {"a"}}));
    EXPECT_WRONG(search({.collection = "things", .words = {"a"}, .limit = 0}));
    EXPECT_WRONG(
        search({.collection = "things", .words = {"a"}, .limit = limits::find_limit_max + 1}));
    EXPECT_WRONG(
        search({.collection = "things", .words = {"a"}, .skip = limits::page_skip_max + 1}));
    EXPECT_WRONG(search(
        {.collection = "things", .words = {"a"}, .filter = {{.field = "title", .value = 1}}}));
    EXPECT_WRONG(search({.collection = "things",
                         .words = {"a"},
                         .filter = {{.field = "a", .value = json::array{}}}}));
    EXPECT_WRONG(search({.collection = "things",
                         .words = {"a"},
                         .filter = {{.field = "a", .op = Op::less, .value = nullptr}}}));
    // The number of words is the client's: an Error, not a mistake of the program.
    Words const many(limits::search_words_max + 1, "word");
    EXPECT_THROW(search({.collection = "things", .words = many}), Error);
    EXPECT_THROW(search({.collection = "things", .phrases = {many}}), Error);
    Words const enough(limits::search_words_max, "word");
    EXPECT_EQ(search({.collection = "things", .words = enough}), "");
    EXPECT_EQ(search({.collection = "things", .words = {std::string(100'000, 'x')}}), "");
}

TEST_P(StoreContract, ASearchEndsByTheDeadlineOfItsCaller) {
    apply(thing("1", "The quick brown fox"));
    using Steady = std::chrono::steady_clock;
    auto const by = [&](Steady::time_point until) -> net::Task<std::size_t> {
        net::WithDeadline const with(until);
        auto const found = co_await store_->search({.collection = "things", .words = {"fox"}});
        EXPECT_EQ(net::deadline(), until);
        co_return found.size();
    };
    EXPECT_EQ(sync(by(Steady::now() + std::chrono::hours(1))), 1u);
    for (auto const past : {Steady::now(), Steady::time_point::min()}) {
        try {
            static_cast<void>(sync(by(past)));
            ADD_FAILURE() << "found something";
        } catch (Error const& late) {
            EXPECT_EQ(late.code(), ErrorCode::gateway_timeout);
        }
    }
}

TEST_P(StoreContract, SearchWordsAreCutAndFolded) {
    EXPECT_EQ(search_words("Hello, WORLD! it's"), (Words{"hello", "world", "it", "s"}));
    EXPECT_EQ(search_words("Grüße ÉCOLE e\u0301te\u0301 İstanbul"),
              (Words{"gruße", "ecole", "ete", "istanbul"}));
    EXPECT_EQ(search_words("snake_case #tag @name 3.14"),
              (Words{"snake", "case", "tag", "name", "3", "14"}));
    EXPECT_EQ(search_words("हिन्दी 漢字かな 😀"), (Words{"हिन्दी", "漢字かな"}));
    EXPECT_EQ(search_words("ø ł đ"), (Words{"ø", "ł", "đ"}));
    EXPECT_EQ(search_words(""), Words{});
    EXPECT_EQ(search_words(" \t\n.,;"), Words{});
    EXPECT_NO_THROW(search_words("broken \xff\xc3 utf-8 \xed\xa0\x80"));
}

}  // namespace grover::testing
