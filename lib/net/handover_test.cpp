#include "net/handover.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <thread>

#include "net/async.hpp"
#include "testing/run_on.hpp"
#include "testing/server_fixture.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

class Handovers : public ::testing::Test {
protected:
    Handovers() { loops_.start(); }
    template <class Function>
    auto run(Function function) {
        return testing::run_on(loops_.at(0), std::move(function));
    }

    Loops loops_{1};
};

TEST_F(Handovers, BringAResult) {
    run([&]() -> Task<> {
        auto const handover = std::make_shared<Handover<std::string>>(co_await this_executor());
        std::jthread const other([handover] { handover->finish("made elsewhere"); });
        EXPECT_TRUE(co_await handover->wait(Steady::time_point::max()));
        EXPECT_EQ(handover->take(), "made elsewhere");
    });
}

TEST_F(Handovers, BringAFailure) {
    run([&]() -> Task<> {
        auto const handover = std::make_shared<Handover<int>>(co_await this_executor());
        std::jthread const other(
            [handover] { handover->make([]() -> int { throw std::runtime_error("no"); }); });
        EXPECT_TRUE(co_await handover->wait(Steady::time_point::max()));
        EXPECT_THROW(handover->take(), std::runtime_error);
    });
}

TEST_F(Handovers, AResultThatIsThereNeedsNoWaiting) {
    run([&]() -> Task<> {
        auto const handover = std::make_shared<Handover<int>>(co_await this_executor());
        handover->finish(3);
        EXPECT_TRUE(co_await handover->wait(Steady::time_point::min()));
        EXPECT_EQ(handover->take(), 3);
    });
}

TEST_F(Handovers, WhoGaveUpHasTheResultDropped) {
    std::latch late(1);
    auto const token = std::make_shared<int>(7);
    bool const came = run([&]() -> Task<bool> {
        auto const result = co_await run_blocking(loops_.blocking(), Steady::now(), [&late, token] {
            late.wait();
            return token;
        });
        co_return result.has_value();
    });
    EXPECT_FALSE(came);
    EXPECT_GT(token.use_count(), 1);  // The work goes on.
    late.count_down();
    EXPECT_TRUE(testing::eventually([&] { return token.use_count() == 1; }));
}

TEST_F(Handovers, WhatHasNotBegunBeginsLater) {
    std::latch late(1);
    std::atomic<int> begun = 0;
    run([&]() -> Task<> {
        for (int i = 0; i < 5; ++i)  // More than there are threads.
            co_await run_blocking(loops_.blocking(), Steady::now(), [&] {
                late.wait();
                ++begun;
            });
    });
    EXPECT_EQ(begun, 0);
    late.count_down();
    EXPECT_TRUE(testing::eventually([&] { return begun == 5; }));
}

TEST_F(Handovers, OfACoroutineThatEndsWithItsLoopAreDropped) {
    asio::thread_pool pool(1);
    std::latch late(1);
    auto const token = std::make_shared<int>(7);
    {
        Loops loops(1);
        loops.start();
        asio::co_spawn(
            loops.at(0).executor(),
            [&pool, &late, token]() -> Task<> {
                co_await run_blocking(pool, [&late, token] {
                    late.wait();
                    return token;
                });
            },
            asio::detached);
        testing::run_on(loops.at(0), []() -> Task<> { co_return; });
    }
    late.count_down();
    pool.join();
    EXPECT_EQ(token.use_count(), 1);
}

TEST_F(Handovers, ThatMeetTheirTimeAreTakenOrDropped) {
    auto const token = std::make_shared<int>(7);
    int taken = 0;
    run([&]() -> Task<> {
        for (int i = 0; i < 2'000; ++i) {
            auto const until = Steady::now() + std::chrono::microseconds(i % 40);
            auto const result =
                co_await run_blocking(loops_.blocking(), until, [token] { return token; });
            if (result) taken += **result == 7;
        }
    });
    EXPECT_GE(taken, 0);
    EXPECT_TRUE(testing::eventually([&] { return token.use_count() == 1; }));
}

TEST_F(Handovers, OfManyCoroutinesAtOnceFindTheirOwn) {
    run([&]() -> Task<> {
        std::vector<Task<int>> all;
        for (int i = 0; i < 500; ++i)
            all.push_back(run_blocking(loops_.blocking(), [i] { return i; }));
        auto const results = co_await gather(std::move(all));
        for (int i = 0; i < 500; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
    });
}

// ---- Deadlines ----------------------------------------------------------------------------------

constexpr auto none = Steady::time_point::max();

TEST_F(Handovers, ADeadlineBelongsToItsCoroutine) {
    auto const until = [](int n) { return Steady::time_point(std::chrono::hours(1'000'000 + n)); };
    run([&]() -> Task<> {
        std::vector<Task<int>> all;
        for (int i = 0; i < 10; ++i)
            all.push_back([](auto mine, auto& pool) -> Task<int> {
                WithDeadline const with(mine);
                int wrong = 0;
                for (int turn = 0; turn < 5; ++turn) {
                    co_await pause(std::chrono::microseconds(100));
                    wrong += deadline() != mine;
                    co_await run_blocking(pool, [&] { wrong += deadline() != none; });
                    wrong += deadline() != mine;
                    co_await asio::post(co_await this_executor(), use_task);
                    wrong += deadline() != mine;
                }
                co_return wrong;
            }(until(i), loops_.blocking()));
        for (int const wrong : co_await gather(std::move(all))) EXPECT_EQ(wrong, 0);
        EXPECT_EQ(deadline(), none);
    });
}

TEST_F(Handovers, TheEarlierDeadlineHolds) {
    run([&]() -> Task<> {
        auto const early = Steady::now() + 1h;
        {
            WithDeadline const outer(early);
            {
                WithDeadline const later(early + 1h);
                EXPECT_EQ(deadline(), early);
            }
            {
                WithDeadline const earlier(early - 1min);
                EXPECT_EQ(deadline(), early - 1min);
            }
            EXPECT_EQ(deadline(), early);
        }
        EXPECT_EQ(deadline(), none);
        co_return;
    });
}

TEST_F(Handovers, WhatOneSpawnsIsUnderItsDeadlineAndWhatOthersPostIsNot) {
    auto const until = Steady::now() + 1h;
    std::atomic<bool> posted_had_one = true;
    run([&]() -> Task<> {
        WithDeadline const with(until);
        std::vector<Task<bool>> spawned;
        spawned.push_back(
            [](auto expected) -> Task<bool> { co_return deadline() == expected; }(until));
        EXPECT_TRUE((co_await gather(std::move(spawned)))[0]);
        co_await run_blocking(loops_.blocking(), [&] {
            asio::post(loops_.at(0).executor(), [&] { posted_had_one = deadline() != none; });
        });
        co_await pause(std::chrono::microseconds(1));
    });
    EXPECT_FALSE(posted_had_one);
    run([&]() -> Task<> {
        EXPECT_EQ(deadline(), none);  // The next one on this loop.
        co_return;
    });
}

TEST_F(Handovers, AnExceptionLeavesNoDeadlineBehind) {
    run([&]() -> Task<> {
        auto const failing = []() -> Task<> {
            WithDeadline const with(Steady::now());
            co_await pause(std::chrono::microseconds(1));
            throw std::runtime_error("no");
        };
        EXPECT_THROW(co_await failing(), std::runtime_error);
        EXPECT_EQ(deadline(), none);
    });
}

}  // namespace
}  // namespace grover::net
