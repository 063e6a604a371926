#include "resilience/concurrency_limit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>
#include <random>
#include <vector>

namespace grover::resilience {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint start{1000h};

/// A service in virtual time: `workers` at once, `work` each, everything else waits in line. What
/// is answered after `patience` was for nothing.
struct Service {
    int workers;
    Duration work;
    Duration patience;
};

struct Result {
    double offered = 0, good = 0, late = 0;
    std::map<Priority, std::pair<double, double>> by_priority;  // offered, good
    double limit = 0;
};

/// Offers `rate` calls per second for `time`; the limit, when there is one, decides who gets in.
Result offer(Service const& service, double rate, Duration time, ConcurrencyLimit* limit,
             std::vector<Priority> const& mix = {Priority::read}) {
    Result result;
    std::mt19937_64 random(12);
    std::exponential_distribution<double> gap(rate / 1e9);
    struct Call {
        TimePoint end, begin;
        Priority priority;
        bool operator>(Call const& other) const { return end > other.end; }
    };
    std::priority_queue<Call, std::vector<Call>, std::greater<>> calls;
    std::vector<TimePoint> free_at(std::size_t(service.workers), start);
    auto const drain = [&](TimePoint until) {
        for (; !calls.empty() && calls.top().end <= until; calls.pop()) {
            auto const& call = calls.top();
            auto const took = call.end - call.begin;
            if (limit) limit->leave(call.end, took);
            (took <= service.patience ? result.good : result.late) += 1;
            if (took <= service.patience) result.by_priority[call.priority].second += 1;
        }
    };
    for (auto now = start; now < start + time; now += Duration(std::int64_t(gap(random)))) {
        drain(now);
        auto const priority = mix[random() % mix.size()];
        result.offered += 1;
        result.by_priority[priority].first += 1;
        if (limit && !limit->enter(priority)) continue;
        auto const worker = std::ranges::min_element(free_at);
        auto const spread = 0.5 + double(random() % 1000) / 1000;
        *worker =
            std::max(*worker, now) + Duration(std::int64_t(double(service.work.count()) * spread));
        calls.push({*worker, now, priority});
    }
    if (limit) result.limit = limit->limit();
    return result;
}

TEST(ConcurrencyLimit, CountsAndRefusesByPriority) {
    ConcurrencyLimit limit({.min = 10, .max = 10, .initial = 10});
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(limit.enter(Priority::explore));
    EXPECT_FALSE(limit.enter(Priority::explore));
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(limit.enter(Priority::read));
    EXPECT_FALSE(limit.enter(Priority::read));
    EXPECT_TRUE(limit.enter(Priority::write));
    EXPECT_FALSE(limit.enter(Priority::write));
    EXPECT_TRUE(limit.enter(Priority::critical));
    EXPECT_FALSE(limit.enter(Priority::critical));
    EXPECT_EQ(limit.in_flight(), 10u);
    EXPECT_EQ(limit.refused(Priority::explore), 1u);
    limit.leave();
    EXPECT_TRUE(limit.enter(Priority::critical));
}

TEST(ConcurrencyLimit, LeavesAServiceThatIsWellAlone) {
    ConcurrencyLimit limit;
    auto const result = offer({.workers = 50, .work = 10ms, .patience = 1s}, 2000, 60s, &limit);
    EXPECT_EQ(result.good + 100 > result.offered, true);
    EXPECT_EQ(limit.refused(Priority::read), 0u);
}

/// Three times what the service can: without a limit everything becomes late, with one the goodput
/// stays at 90 % of what the service can do at best.
TEST(ConcurrencyLimit, KeepsTheGoodputAtThreeTimesTheCapacity) {
    for (auto const& service :
         {Service{50, 10ms, 200ms}, Service{8, 1ms, 50ms}, Service{200, 40ms, 500ms}}) {
        auto const capacity = service.workers / std::chrono::duration<double>(service.work).count();
        ConcurrencyLimit limit;
        auto const with = offer(service, 3 * capacity, 60s, &limit);
        auto const without = offer(service, 3 * capacity, 60s, nullptr);
        EXPECT_GE(with.good, 0.9 * capacity * 60) << service.workers;
        EXPECT_LE(without.good, 0.2 * capacity * 60) << "or the test shows nothing";
        EXPECT_LE(with.late, 0.01 * with.good);
    }
}

TEST(ConcurrencyLimit, HoldsForTenMinutes) {
    Service const service{20, 10ms, 100ms};
    ConcurrencyLimit limit;
    auto const result = offer(service, 6000, 10min, &limit);
    EXPECT_GE(result.good, 0.9 * 2000 * 600);
    EXPECT_LE(result.limit, 120) << "the baseline did not follow the queue";
}

TEST(ConcurrencyLimit, TheImportantGetThrough) {
    Service const service{50, 10ms, 200ms};
    ConcurrencyLimit limit;
    auto const result = offer(service, 15'000, 60s, &limit,
                              {Priority::critical, Priority::write, Priority::read, Priority::read,
                               Priority::read, Priority::read, Priority::explore, Priority::explore,
                               Priority::explore, Priority::explore});
    auto const share = [&](Priority priority) {
        auto const [offered, good] = result.by_priority.at(priority);
        return good / offered;
    };
    EXPECT_GE(share(Priority::critical), 0.99);
    EXPECT_GE(share(Priority::write), 0.85);
    EXPECT_GE(share(Priority::write), share(Priority::read));
    EXPECT_GE(share(Priority::read), share(Priority::explore));
    EXPECT_GE(result.good, 0.9 * 5000 * 60);
}

/// 64 clients ask a service that takes 0.3 ms; for a second the machine is busy with something
/// else.
TEST(ConcurrencyLimit, AFewMillisecondsAreNoQueue) {
    ConcurrencyLimit limit;
    auto now = start;
    for (auto const took : {300us, 8000us})
        for (auto const until = now + 1s; now < until; now += took) {
            for (int i = 0; i < 64; ++i) ASSERT_TRUE(limit.enter(Priority::read));
            for (int i = 0; i < 64; ++i) limit.leave(now + took, took);
        }
}

TEST(ConcurrencyLimit, StaysWithinItsBounds) {
    std::mt19937_64 random(1);
    ConcurrencyLimit limit({.min = 5, .max = 50, .initial = 20});
    auto now = start;
    for (int i = 0; i < 100'000; ++i) {
        now += 1ms;
        if (limit.enter(Priority(random() % 4)))
            limit.leave(now, std::chrono::microseconds(random() % 10'000'000));
        ASSERT_LE(limit.limit(), 50u);
        ASSERT_GE(limit.limit(), 5u);
        ASSERT_EQ(limit.in_flight(), 0u);
    }
}

}  // namespace
}  // namespace grover::resilience
