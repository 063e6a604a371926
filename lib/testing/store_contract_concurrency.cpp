#include <thread>

#include "net/async.hpp"
#include "testing/store_contract.hpp"

namespace grover::testing {

using namespace store;

void contract::concurrency() {}

namespace {

constexpr int threads_count = 8;

/// Runs `work` (the number of the thread) on several threads at once and waits for them.
template <class Work>
void on_threads(Work work) {
    std::vector<std::thread> threads;
    for (auto number = 0; number < threads_count; ++number)
        threads.emplace_back([work, number] { work(number); });
    for (auto& thread : threads) thread.join();
}

}  // namespace

TEST_P(StoreContract, ConcurrentIncrementsAddUp) {
    constexpr int rounds = 40;
    apply(Insert{"counters", {{"_id", "sum"}, {"n", 0}}});
    on_threads([&](int number) {
        for (auto i = 0; i < rounds; ++i) {
            auto const outcome =
                commit_all(Patch{.collection = "counters", .id = "sum", .inc = {{"n", number + 1}}},
                           Upsert{"counters", {{"_id", std::to_string(number)}, {"n", i}}});
            EXPECT_TRUE(outcome.has_value());
        }
    });
    EXPECT_EQ(get("counters", "sum")->body.at("n"),
              rounds * threads_count * (threads_count + 1) / 2);
    EXPECT_EQ(get("counters", "sum")->version, rounds * threads_count + 1);
}

TEST_P(StoreContract, OfRacingInsertsExactlyOneWins) {
    for (auto round = 0; round < 10; ++round) {
        std::atomic<int> won = 0;
        on_threads([&](int number) {
            auto const outcome = commit_all(
                Insert{"people",
                       {{"_id", "p" + std::to_string(round) + "_" + std::to_string(number)},
                        {"email", "mail" + std::to_string(round)},
                        {"team", std::to_string(round)},
                        {"number", number}}});
            if (outcome)
                ++won;
            else
                EXPECT_EQ(describe(outcome), "exists 0");
        });
        EXPECT_EQ(won, 1);
    }
    EXPECT_EQ(count("people"), 10);
}

TEST_P(StoreContract, OptimisticWritersLoseNothing) {
    constexpr int rounds = 15;
    apply(Insert{"counters", {{"_id", "a"}, {"n", 0}}});
    on_threads([&](int) {
        for (auto done = 0; done < rounds;) {
            auto const found = get("counters", "a");
            auto body = found->body;
            body["n"] = body.at("n").as_int64() + 1;
            auto const outcome = commit_all(Replace{"counters", body, found->version});
            if (outcome)
                ++done;
            else
                EXPECT_EQ(describe(outcome), "version 0");
        }
    });
    EXPECT_EQ(get("counters", "a")->body.at("n"), rounds * threads_count);
}

TEST_P(StoreContract, WhatIsAnsweredIsSeenByEveryThread) {
    // Each thread hands the number it has committed to the next, which must find it or a later one.
    std::atomic<std::int64_t> committed = 0;
    apply(Insert{"counters", {{"_id", "last"}, {"n", 0}}});
    on_threads([&](int number) {
        auto const id = std::to_string(number);
        for (auto i = 1; i <= 30; ++i) {
            auto const before = committed.load();
            auto const seen = get("counters", "last");
            EXPECT_GE(seen->body.at("n").as_int64(), before);
            EXPECT_GE(count("counters"), 1);
            apply(Upsert{"counters", {{"_id", id}, {"n", i}}},
                  Patch{.collection = "counters", .id = "last", .inc = {{"n", 1}}});
            EXPECT_EQ(get("counters", id)->body.at("n"), i);
            auto const now = get("counters", "last")->body.at("n").as_int64();
            auto last = committed.load();
            while (last < now && !committed.compare_exchange_weak(last, now)) {
            }
        }
    });
}

TEST_P(StoreContract, ReadersNeverSeeHalfABatch) {
    apply(Insert{"counters", {{"_id", "left"}, {"n", 0}}},
          Insert{"counters", {{"_id", "right"}, {"n", 0}}});
    std::atomic<bool> done = false;
    std::thread writer([&] {
        for (auto i = 0; i < 100; ++i)
            EXPECT_TRUE(
                commit_all(Patch{.collection = "counters", .id = "left", .inc = {{"n", 1}}},
                           Patch{.collection = "counters", .id = "right", .inc = {{"n", -1}}})
                    .has_value());
        done = true;
    });
    while (!done) {
        auto const both = sync(store_->get_many("counters", {"left", "right"}));
        EXPECT_EQ(both[0]->body.at("n").as_int64() + both[1]->body.at("n").as_int64(), 0);
    }
    writer.join();
}

TEST_P(StoreContract, ManyBatchesAtOnceFromOneLoop) {
    // Rejected ones among them leave the others of their group intact.
    apply(Insert{"counters", {{"_id", "taken"}}});
    auto const commit_one = [&](std::size_t i) -> net::Task<std::string> {
        Batch batch;
        batch.add(Insert{"counters", {{"_id", "c" + std::to_string(i)}}});
        if (i % 3 == 0) batch.add(Insert{"counters", {{"_id", "taken"}}});
        co_return describe(co_await store_->commit(std::move(batch)));
    };
    std::vector<net::Task<std::string>> commits;
    for (std::size_t i = 0; i < 300; ++i) commits.push_back(commit_one(i));
    auto const outcomes = sync(net::gather(std::move(commits)));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(outcomes[i], i % 3 == 0 ? "exists 1" : "done");
        EXPECT_EQ(get("counters", "c" + std::to_string(i)).has_value(), i % 3 != 0);
    }
    EXPECT_EQ(count("counters"), 201);
}

}  // namespace grover::testing
