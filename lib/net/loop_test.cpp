#include "net/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "net/async.hpp"
#include "testing/run_on.hpp"
#include "testing/server_fixture.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, KnowsItsThread) {
    Loops loops(2);
    loops.start();
    EXPECT_EQ(Loop::current(), nullptr);
    for (std::size_t i = 0; i < loops.size(); ++i) {
        EXPECT_EQ(loops.at(i).index(), i);
        testing::run_on(loops.at(i), [&]() -> Task<> {
            EXPECT_EQ(Loop::current(), &loops.at(i));
            co_return;
        });
    }
    loops.stop();
    loops.stop();
    EXPECT_FALSE(loops.at(0).running());
}

TEST(Loop, SweepsUntilTheHandleGoes) {
    Loops loops(1);
    std::atomic<int> sweeps = 0;
    auto handle = loops.at(0).on_sweep([&](auto) { ++sweeps; });
    std::atomic<int> others = 0;
    loops.at(0).on_sweep([&](auto) { ++others; });  // its handle goes at once
    loops.start();
    EXPECT_TRUE(testing::eventually([&] { return sweeps >= 2; }));
    EXPECT_EQ(others, 0);
    testing::run_on(loops.at(0), [&]() -> Task<> {
        handle.reset();
        co_return;
    });
    int const before = sweeps;
    testing::run_on(loops.at(0), []() -> Task<> { co_await pause(150ms); });
    EXPECT_EQ(sweeps, before);
}

TEST(Loop, EndsATurnBehindWhatIsReady) {
    Loops loops(1);
    std::string order;
    auto& loop = loops.at(0);
    asio::post(loop.executor(), [&] {
        loop.at_end_of_turn([&] { order += "x"; });
        loop.at_end_of_turn([&] {
            order += "y";
            loop.at_end_of_turn([&] { order += "z"; });
        });
        order += "a";
    });
    asio::post(loop.executor(), [&] { order += "b"; });
    asio::post(loop.executor(), [&] { order += "c"; });
    loops.start();
    testing::run_on(loop, []() -> Task<> { co_await pause(1ms); });
    loops.stop();
    EXPECT_EQ(order, "abcxyz");
}

TEST(Loop, DestroysWhatIsSuspended) {
    auto const token = std::make_shared<int>(7);
    {
        Loops loops(1);
        loops.start();
        asio::co_spawn(
            loops.at(0).executor(), [token]() -> Task<> { co_await pause(1h); }, asio::detached);
        testing::run_on(loops.at(0), []() -> Task<> { co_return; });
        EXPECT_GT(token.use_count(), 1);
    }
    EXPECT_EQ(token.use_count(), 1);
}

TEST(RunBlocking, BringsResultsAndFailuresBack) {
    Loops loops(1);
    loops.start();
    testing::run_on(loops.at(0), [&]() -> Task<> {
        auto const here = std::this_thread::get_id();
        auto const there =
            co_await run_blocking(loops.blocking(), [] { return std::this_thread::get_id(); });
        EXPECT_NE(there, here);
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_THROW(co_await run_blocking(loops.blocking(), [] { throw std::runtime_error("x"); }),
                     std::runtime_error);
    });
}

}  // namespace
}  // namespace grover::net
