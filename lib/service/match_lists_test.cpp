#include "service/match_lists.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"
#include "net/loop.hpp"
#include "testing/run_on.hpp"

namespace grover::service {
namespace {

using ItemId = Id<"item">;
using Lists = MatchLists<std::string, ItemId>;
using Items = std::vector<std::string>;

class MatchListsTest : public ::testing::Test {
protected:
    MatchListsTest() { loops_.start(); }
    ~MatchListsTest() override { loops_.stop(); }

    Lists::Part part(std::optional<http::Position> after, Items const& matches,
                     std::size_t limit = 2) {
        http::PageRequest page;
        page.limit = limit;
        page.after = std::move(after);
        return testing::run_on(loops_.at(0), [&] {
            return lists.part(page, ItemId::make(system_now()),
                              [&](ItemId const&) -> net::Task<Items> {
                                  ++made;
                                  co_return matches;
                              });
        });
    }
    void search_often(Items const& matches) {
        for (int i = 0; i < 600; ++i) part({}, matches);
    }

    Lists lists;
    int made = 0;

private:
    net::Loops loops_{1};
};

TEST_F(MatchListsTest, the_first_page_fixes_the_order) {
    auto const first = part({}, {"a", "b", "c"});
    EXPECT_EQ(first.items, (Items{"a", "b"}));
    auto const second = part(first.next, {"c", "b", "a"});
    EXPECT_EQ(second.items, Items{"c"});
    EXPECT_FALSE(second.next);
    EXPECT_EQ(made, 1);
}

TEST_F(MatchListsTest, searches_of_one_page_push_no_list_out) {
    auto const first = part({}, {"a", "b", "c"});
    search_often({});
    search_often({"a", "b"});
    made = 0;
    EXPECT_EQ(part(first.next, {"c", "b", "a"}).items, Items{"c"});
    EXPECT_EQ(made, 0);
}

TEST_F(MatchListsTest, a_list_that_is_asked_for_stays) {
    auto const first = part({}, {"a", "b", "c"});
    for (int i = 0; i < 3; ++i) {
        for (int k = 0; k < 300; ++k) part({}, {"x", "y", "z"});
        made = 0;
        EXPECT_EQ(part(first.next, {}).items, Items{"c"});
        EXPECT_EQ(made, 0);
    }
}

TEST_F(MatchListsTest, a_list_that_is_gone_goes_on_after_the_last_item) {
    auto const first = part({}, {"a", "b", "c", "d", "e"});
    search_often({"x", "y", "z"});
    EXPECT_EQ(part(first.next, {"b", "c", "d", "e"}).items, (Items{"c", "d"})) << "a was removed";
    EXPECT_EQ(part(first.next, {"new", "a", "b", "c"}).items, Items{"c"});
    EXPECT_EQ(part(first.next, {"a", "c", "d"}).items, Items{"d"}) << "b was: by its place";
    EXPECT_EQ(part(first.next, {}).items, Items{});
}

TEST_F(MatchListsTest, what_is_no_cursor_of_it_is_refused) {
    auto const good = *part({}, {"a", "b", "c"}).next;
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = nullptr;
        EXPECT_THROW(Lists::read(bad), Error) << i;
    }
    auto negative = good;
    negative[2] = -1;
    EXPECT_THROW(Lists::read(negative), Error);
    EXPECT_THROW(Lists::read({}), Error);
    auto beyond = good;
    beyond[2] = 1'000'000'000;
    EXPECT_EQ(part(beyond, {}).items, Items{});
}

}  // namespace
}  // namespace grover::service
