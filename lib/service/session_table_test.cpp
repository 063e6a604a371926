#include "service/session_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace grover::service {
namespace {

using namespace std::chrono_literals;
using Time = SessionTable::Time;

TokenDigest digest(std::uint64_t n) {
    return {{n * 0x9e3779b97f4a7c15, n}};
}

SessionTable::Session session(int n, Time checked, std::vector<auth::Role> roles = {}) {
    auto const user = auth::UserId::make({1'700'000'000'000 + n});
    return {.caller = auth::Caller{user, auth::SessionId::make({n}), std::move(roles)},
            .expires_at = {1'800'000'000'000 + n},
            .checked = checked};
}

void expect_same(SessionTable::Session const& is, SessionTable::Session const& was) {
    ASSERT_EQ(is.caller.has_value(), was.caller.has_value());
    if (was.caller) {
        EXPECT_EQ(is.caller->user_id, was.caller->user_id);
        EXPECT_EQ(is.caller->session_id, was.caller->session_id);
        EXPECT_EQ(is.caller->roles, was.caller->roles);
        EXPECT_EQ(is.expires_at, was.expires_at);
    }
    EXPECT_LE(is.checked, was.checked);
    EXPECT_GT(is.checked, was.checked - 63ms);
}

TEST(TokenDigest, IsTheFirstHalfOfTheHash) {
    auto const good = TokenDigest::of("0123456789abcdeffedcba9876543210" + std::string(32, '0'));
    EXPECT_EQ(good.words[0], 0x0123456789abcdefU);
    EXPECT_EQ(good.words[1], 0xfedcba9876543210U);
    for (auto const* text : {"", "xyz", "-1", "0123456789abcdef"})
        EXPECT_NE(TokenDigest::of(text), good) << text;
}

TEST(SessionTable, GivesBackWhatWasPut) {
    using enum auth::Role;
    auto const now = std::chrono::steady_clock::now();
    SessionTable table(100);
    std::vector<SessionTable::Session> const all{
        session(1, now, {user}),
        session(2, now, {user, creator, moderator, admin}),
        session(3, now, {}),
        {.caller = {}, .expires_at = {}, .checked = now},
        {.caller = auth::Caller{auth::UserId::trusted("old-system-7"),
                                auth::SessionId::trusted("sess_x"),
                                {moderator}},
         .expires_at = {5},
         .checked = now},
        // Looks like one of ours in all but one character.
        {.caller = auth::Caller{auth::UserId::trusted("user_01jD8Y4M7Q2V9X3K5N6P8R0S1T"),
                                auth::SessionId::trusted("sess_81JD8Y4M7Q2V9X3K5N6P8R0S1T"),
                                {user}},
         .expires_at = {6},
         .checked = now},
    };
    for (std::size_t i = 0; i < all.size(); ++i) table.put(digest(i), all[i], now - 60s);
    EXPECT_EQ(table.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const found = table.find(digest(i));
        ASSERT_TRUE(found) << i;
        expect_same(*found, all[i]);
    }
    EXPECT_FALSE(table.find(digest(99)));
    EXPECT_FALSE(table.erase(digest(99)));
    // Another form of the same session: nothing of the old one stays.
    table.put(digest(4), all[0], now - 60s);
    expect_same(*table.find(digest(4)), all[0]);
    EXPECT_EQ(table.size(), all.size());
    EXPECT_TRUE(table.erase(digest(4)));
    EXPECT_FALSE(table.find(digest(4)));
}

TEST(SessionTable, AnEmptyOneKnowsNobody) {
    SessionTable table(10);
    EXPECT_FALSE(table.find(digest(1)));
    EXPECT_FALSE(table.erase(digest(1)));
}

/// Against an ordinary map: additions, replacements and removals in random order, in long runs of
/// colliding slots too.
TEST(SessionTable, AgreesWithAMap) {
    std::mt19937_64 random(7);
    auto const now = std::chrono::steady_clock::now();
    for (std::uint64_t const spread : {~std::uint64_t(0), std::uint64_t(15), std::uint64_t(0)}) {
        SessionTable table(10'000);
        std::map<std::uint64_t, SessionTable::Session> model;
        for (int i = 0; i < 30'000; ++i) {
            auto const n = random() % 700;
            TokenDigest const key{{digest(n).words[0] & spread, n}};
            if (random() % 3 == 0) {
                EXPECT_EQ(table.erase(key), model.erase(n) == 1);
            } else {
                auto one = session(i, now);
                if (random() % 10 == 0) one.caller->user_id = auth::UserId::trusted("odd");
                if (random() % 10 == 0) one.caller.reset();
                table.put(key, one, now - 60s);
                model[n] = one;
            }
            ASSERT_EQ(table.size(), model.size());
            auto const asked = random() % 700;
            auto const found = table.find({{digest(asked).words[0] & spread, asked}});
            ASSERT_EQ(found.has_value(), model.contains(asked));
            if (found) expect_same(*found, model[asked]);
        }
    }
}

TEST(SessionTable, TheWorthlessMakeRoomForTheNew) {
    auto const start = std::chrono::steady_clock::now();
    SessionTable table(100'000);
    for (std::uint64_t n = 0; n < 50'000; ++n) {
        auto const now = start + n * 10ms;  // 6,000 of them are worth something at a time
        auto one = session(int(n), now);
        if (n % 5 == 0) one.caller->user_id = auth::UserId::trusted("odd");
        table.put(digest(n), one, now - 60s);
        ASSERT_LT(table.size(), 16'384u);
    }
    for (std::uint64_t n = 44'000; n < 50'000; ++n) ASSERT_TRUE(table.find(digest(n))) << n;
}

TEST(SessionTable, NeverHoldsMoreThanItMayAndKeepsTheYoung) {
    auto const start = std::chrono::steady_clock::now();
    SessionTable table(1'000);
    for (std::uint64_t n = 0; n < 20'000; ++n) {
        table.put(digest(n), session(int(n), start + n * 1ms), start);
        ASSERT_LE(table.size(), 1'000u);
        ASSERT_TRUE(table.find(digest(n)));
    }
    std::size_t young = 0;
    for (std::uint64_t n = 19'500; n < 20'000; ++n) young += table.find(digest(n)).has_value();
    EXPECT_GE(young, 450u);
    SessionTable small(1);
    for (std::uint64_t n = 0; n < 100; ++n) small.put(digest(n), session(int(n), start), start);
    EXPECT_EQ(small.size(), 1u);
    EXPECT_TRUE(small.find(digest(99)));
}

}  // namespace
}  // namespace grover::service
