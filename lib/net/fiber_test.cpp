#include "net/fiber.hpp"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::net {
namespace {

/// Not inlined: what a compiler knows of its thread it keeps in a function that changes threads.
[[gnu::noinline]] std::thread::id this_thread() {
    asm volatile("");
    return std::this_thread::get_id();
}

Fiber make() {
    return Fiber(limits::fiber_stack_bytes);
}

TEST(Fiber, RunsOneFunctionAfterAnother) {
    auto fiber = make();
    std::string said;
    fiber.run([&] { said += "a"; });
    fiber.run([&] { said += "b"; });
    EXPECT_EQ(said, "ab");
}

TEST(Fiber, IsLeftAsItStandsAndGoneOnWith) {
    auto fiber = make();
    std::string said;
    fiber.run([&] {
        for (auto const* word : {"a", "b", "c"}) {
            said += word;
            fiber.suspend();
        }
    });
    said += "-";
    fiber.resume();
    said += "-";
    fiber.resume();
    said += "-";
    fiber.resume();
    EXPECT_EQ(said, "a-b-c-");
}

TEST(Fiber, OneRunsInAnother) {
    auto outer = make();
    auto inner = make();
    std::string said;
    outer.run([&] {
        inner.run([&] {
            said += "a";
            inner.suspend();
            said += "c";
        });
        said += "b";
        outer.suspend();
        inner.resume();
    });
    outer.resume();
    EXPECT_EQ(said, "abc");
}

TEST(Fiber, GoesOnOnAnotherThread) {
    auto fiber = make();
    std::vector<std::thread::id> ids;
    std::thread other;
    fiber.run([&] {
        ids.push_back(this_thread());
        fiber.suspend([&] { other = std::thread([&] { fiber.resume(); }); });
        ids.push_back(this_thread());
    });
    auto const id = other.get_id();
    other.join();
    EXPECT_EQ(ids, (std::vector{this_thread(), id}));
}

TEST(Fiber, WhatFollowsASuspensionMayGoOnWithItAtOnce) {
    auto fiber = make();
    std::string said;
    fiber.run([&] {
        fiber.suspend([&] {
            said += "a";
            fiber.resume();
            said += "c";
        });
        said += "b";
    });
    EXPECT_EQ(said, "abc");
}

TEST(Fiber, ExceptionsUnderWayAreItsOwn) {
    auto fiber = make();
    std::string said;
    fiber.run([&] {
        struct Leaving {
            Fiber& fiber;
            ~Leaving() { fiber.suspend(); }
        };
        try {
            Leaving const leaving{fiber};
            throw std::runtime_error("of the fiber");
        } catch (std::exception const&) {
            fiber.suspend();
            said += std::uncaught_exceptions() == 0 ? "caught " : "uncaught ";
            try {
                throw;
            } catch (std::exception const& again) {
                said += again.what();
            }
        }
    });
    EXPECT_EQ(std::uncaught_exceptions(), 0);  // It stands in the destructor, the exception thrown.
    fiber.resume();
    EXPECT_FALSE(std::current_exception());  // It stands in its catch block.
    try {
        throw std::logic_error("of the thread");
    } catch (std::exception const& mine) {
        fiber.resume();
        EXPECT_STREQ(mine.what(), "of the thread");
        EXPECT_TRUE(std::current_exception());
    }
    EXPECT_EQ(said, "caught of the fiber");
}

TEST(Fiber, HasRoomForWhatALibraryNeeds) {
    auto fiber = make();
    std::size_t deep = 0;
    std::function<void(std::size_t)> const down = [&](std::size_t left) {
        std::array<char volatile, 1024> frame{};
        frame[0] = 1;
        deep += static_cast<std::size_t>(frame[0]);
        if (left > 0) down(left - 1);
    };
    fiber.run([&] { down(100); });
    EXPECT_EQ(deep, 101u);
}

}  // namespace
}  // namespace grover::net
