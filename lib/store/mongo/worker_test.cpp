#include "store/mongo/worker.hpp"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

#include "store/mongo/stream.hpp"
#include "testing/mongo_peer.hpp"

namespace grover::store::mongo {
namespace {

namespace asio = boost::asio;

/// Workers without clients, on two loops.
class WorkersTest : public ::testing::Test {
protected:
    void SetUp() override { loops_->start(); }
    void TearDown() override {
        if (workers_) workers_->close();
    }

    std::shared_ptr<Workers> make(std::size_t count) {
        return std::make_shared<Workers>(
            Workers::Options{.count = count,
                             .make_client = [](Worker&) -> mongoc_client_t* { return nullptr; },
                             .must_block = [this] { return must_block_.load(); }});
    }
    net::Loop& loop(std::size_t index) { return loops_->at(index); }
    /// From the loop; ready when `work` has ended.
    std::future<void> run(net::Loop& from, std::function<void()> work) {
        auto const done = std::make_shared<std::promise<void>>();
        asio::post(from.executor(), [this, done, work = std::move(work)] {
            workers_->run([done, work] {
                work();
                done->set_value();
            });
        });
        return done->get_future();
    }
    /// What a worker waits for comes when the test says so.
    struct Answer {
        std::promise<Worker*> asked;
        std::future<Worker*> waiting = asked.get_future();
        bool arrived = false;

        void wait() {
            auto& worker = *Worker::current();
            arrived = worker.wait([&] { asked.set_value(&worker); });
        }
        void come() {
            auto& worker = *waiting.get();
            asio::post(worker.loop().executor(), [&worker] { worker.arrived(); });
        }
    };

    std::atomic<bool> must_block_ = false;
    std::unique_ptr<net::Loops> loops_ = std::make_unique<net::Loops>(2);
    std::shared_ptr<Workers> workers_ = make(1);
};

TEST_F(WorkersTest, WorkRunsOnTheLoopThatAsksForIt) {
    net::Loop* here = nullptr;
    run(loop(1), [&] { here = net::Loop::current(); }).get();
    EXPECT_EQ(here, &loop(1));
    EXPECT_EQ(Worker::current(), nullptr);
}

TEST_F(WorkersTest, TheLoopGoesOnWhileAWorkerWaits) {
    Answer answer;
    auto done = run(loop(0), [&] { answer.wait(); });
    answer.come();  // By way of the loop.
    done.get();
    EXPECT_TRUE(answer.arrived);
}

TEST_F(WorkersTest, WhatBlocksLeavesTheLoopAndIsThereAgainToReadAndWrite) {
    std::vector<net::Loop*> places;
    auto const here = [&] { places.push_back(net::Loop::current()); };
    run(loop(0), [&] {
        here();
        leave_loop();
        here();
        Worker::current()->wait([&] {
            here();
            asio::post(loop(0).executor(), [worker = Worker::current()] { worker->arrived(); });
        });
        here();
    }).get();
    run(loop(0), here).get();
    EXPECT_EQ(places, (std::vector<net::Loop*>{&loop(0), nullptr, &loop(0), nullptr, &loop(0)}));
}

TEST_F(WorkersTest, WhereTheDriverMustBlockWorkBeginsOnAThread) {
    must_block_ = true;
    net::Loop* here = &loop(0);
    run(loop(0), [&] { here = net::Loop::current(); }).get();
    EXPECT_EQ(here, nullptr);
}

TEST_F(WorkersTest, MoreThanThereAreWorkersForWaitsItsTurn) {
    Answer answer;
    std::string said;
    auto first = run(loop(0), [&] {
        answer.wait();
        said += "a";
    });
    auto second = run(loop(0), [&] { said += "b"; });
    auto third = run(loop(0), [&] { said += "c"; });
    answer.come();
    first.get();
    second.get();
    third.get();
    EXPECT_EQ(said, "abc");
}

TEST_F(WorkersTest, AnotherLoopsWorkerIsTakenWhereNoMoreMayBeMade) {
    run(loop(0), [] {}).get();
    net::Loop* here = nullptr;
    run(loop(1), [&] { here = net::Loop::current(); }).get();
    EXPECT_EQ(here, &loop(0));
}

TEST_F(WorkersTest, CloseWaitsForWhatRuns) {
    Answer answer;
    auto done = run(loop(0), [&] { answer.wait(); });
    answer.come();
    done.wait();
    std::exchange(workers_, nullptr)->close();
    EXPECT_TRUE(answer.arrived);
}

TEST_F(WorkersTest, WhatWaitsForALoopThatHasStoppedFails) {
    Answer answer;
    auto done = run(loop(0), [&] { answer.wait(); });
    answer.waiting.wait();
    loops_->stop();
    std::exchange(workers_, nullptr)->close();
    done.get();
    EXPECT_FALSE(answer.arrived);
}

TEST_F(WorkersTest, ALoopThatEndsTakesItsWorkersWithIt) {
    Answer answer;
    auto done = run(loop(0), [&] { answer.wait(); });
    answer.waiting.wait();
    loops_.reset();
    done.get();
    EXPECT_FALSE(answer.arrived);
    // Its place is free again.
    loops_ = std::make_unique<net::Loops>(2);
    loops_->start();
    net::Loop* here = nullptr;
    run(loop(1), [&] { here = net::Loop::current(); }).get();
    EXPECT_EQ(here, &loop(1));
}

TEST_F(WorkersTest, WhatIsOnAThreadWhenItsLoopEndsFailsToReturnAndEnds) {
    std::promise<void> on_thread;
    std::promise<void> goes_on;
    Answer answer;
    auto done = run(loop(0), [&] {
        leave_loop();
        on_thread.set_value();
        goes_on.get_future().wait();
        answer.wait();
    });
    on_thread.get_future().wait();
    loops_->stop();
    goes_on.set_value();
    loops_.reset();
    done.get();
    EXPECT_FALSE(answer.arrived);
}

// The driver's TLS asks so when its time ran out between two parts of an answer.
TEST_F(WorkersTest, AStreamThatHasNoTimeToWaitDoesNotWait) {
    mongoc_init();
    testing::MongoPeer silent([](auto const&) { return boost::json::object(); });
    std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)> const uri(
        mongoc_uri_new(("mongodb://" + silent.host()).c_str()), mongoc_uri_destroy);
    ssize_t read = 0;
    bool timed_out = false;
    run(loop(0), [&] {
        bson_error_t error{};
        auto* const stream =
            connect_stream(uri.get(), mongoc_uri_get_hosts(uri.get()), Worker::current(), &error);
        char byte = 0;
        read = mongoc_stream_read(stream, &byte, 1, 1, 0);
        timed_out = mongoc_stream_timed_out(stream);
        mongoc_stream_destroy(stream);
    }).get();
    EXPECT_EQ(read, -1);
    EXPECT_TRUE(timed_out);
}

}  // namespace
}  // namespace grover::store::mongo
