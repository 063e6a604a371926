#include "gateway/cluster/cluster.hpp"

#include <gtest/gtest.h>

#include <set>

#include "gateway/cluster/hedge_clock.hpp"
#include "gateway/cluster/upstream.hpp"

namespace grover::gateway {
namespace {

using resilience::Steady;
using Verdict = resilience::CircuitBreaker::Verdict;

ServiceSettings with(std::vector<std::string> instances) {
    ServiceSettings out;
    out.instances = std::move(instances);
    return out;
}

std::set<std::string> origins(Cluster const& cluster) {
    std::set<std::string> out;
    for (auto const& instance : cluster.state()->instances) out.insert(instance->origin);
    return out;
}

class ClusterTest : public testing::Test {
protected:
    telemetry::Metrics metrics_;
    Cluster cluster_{"post", metrics_};
};

TEST_F(ClusterTest, KeepsWhoStays) {
    cluster_.configure(with({"http://127.0.0.1:1", "http://127.0.0.1:2"}));
    auto const before = cluster_.state();
    before->instances[1]->tries = 7;
    cluster_.configure(with({"http://127.0.0.1:2", "http://127.0.0.1:3"}));
    auto const after = cluster_.state();
    EXPECT_EQ(after->instances[0], before->instances[1]);
    EXPECT_EQ(after->instances[0]->tries, 7u);
    EXPECT_TRUE(before->instances[0]->retired);
    EXPECT_FALSE(after->instances[0]->retired);
    EXPECT_GT(after->instances[1]->new_since, 0) << "who joins others starts slowly";
    EXPECT_EQ(before->instances[1]->new_since, 0) << "who was there at the start does not";
    EXPECT_EQ(after->outliers, before->outliers);
    EXPECT_EQ(after->limit, before->limit);
}

TEST_F(ClusterTest, NoTwoShareASlot) {
    for (int round = 0; round < 50; ++round) {
        std::vector<std::string> urls;
        for (int i = 0; i < 5; ++i)
            urls.push_back("http://127.0.0.1:" + std::to_string(1 + (round * 3 + i * 7) % 60));
        cluster_.configure(with(urls));
        std::set<std::size_t> slots;
        for (auto const& instance : cluster_.state()->instances) slots.insert(instance->slot);
        ASSERT_EQ(slots.size(), cluster_.state()->instances.size());
    }
}

TEST_F(ClusterTest, ANameStandsForItsAddresses) {
    cluster_.configure(with({"http://posts.internal:8002"}));
    EXPECT_EQ(origins(cluster_), std::set<std::string>{"http://posts.internal:8002"});
    cluster_.resolved("http://posts.internal:8002", {"10.0.0.1", "10.0.0.2"});
    EXPECT_EQ(origins(cluster_),
              (std::set<std::string>{"http://10.0.0.1:8002", "http://10.0.0.2:8002"}));
    for (auto const& instance : cluster_.state()->instances)
        EXPECT_EQ(instance->authority, "posts.internal:8002");
    auto const version = cluster_.version();
    cluster_.resolved("http://posts.internal:8002", {"10.0.0.1", "10.0.0.2"});
    EXPECT_EQ(cluster_.version(), version) << "nothing has changed";
    auto const kept = cluster_.state()->instances[1];
    cluster_.resolved("http://posts.internal:8002", {"10.0.0.2", "10.0.0.3"});
    EXPECT_EQ(cluster_.state()->instances[0], kept);
    cluster_.resolved("http://posts.internal:8002", {"10.0.0.4"});
    EXPECT_EQ(origins(cluster_), std::set<std::string>{"http://10.0.0.4:8002"});
    EXPECT_TRUE(kept->retired);
    cluster_.resolved("http://posts.internal:8002", {"10.0.0.5"});
    EXPECT_EQ(origins(cluster_), std::set<std::string>{"http://10.0.0.5:8002"})
        << "another machine, though there is still one";
}

TEST_F(ClusterTest, WhatCannotBeParsedIsLeftOut) {
    cluster_.configure(with({"ftp://127.0.0.1", "", "http://127.0.0.1:1"}));
    EXPECT_EQ(origins(cluster_), std::set<std::string>{"http://127.0.0.1:1"});
    cluster_.configure({});
    EXPECT_TRUE(origins(cluster_).empty());
    EXPECT_EQ(cluster_.usable(), 0u);
}

TEST_F(ClusterTest, WhoComesBackIsProbedAtOnce) {
    cluster_.configure(with({"http://127.0.0.1:1", "http://127.0.0.1:2"}));
    auto const guard = cluster_.guard("posts");
    auto& instance = *cluster_.state()->instances[0];
    auto& breaker = guard->breaker(instance.slot);
    auto const now = Steady::now();
    for (int i = 0; i < 20; ++i) breaker.record(Verdict::closed, {.error = true}, now);
    EXPECT_EQ(breaker.admit(now), Verdict::open);
    cluster_.set_up(instance, false, now);
    EXPECT_EQ(cluster_.usable(), 0b10u);
    EXPECT_EQ(breaker.admit(now), Verdict::open);
    cluster_.set_up(instance, true, now);
    EXPECT_EQ(cluster_.usable(), 0b11u);
    EXPECT_EQ(breaker.admit(now), Verdict::probe);
    EXPECT_GT(instance.new_since, 0);
}

TEST_F(ClusterTest, GuardsLiveUntilTheirSettingsChange) {
    cluster_.configure(with({"http://127.0.0.1:1"}));
    auto const guard = cluster_.guard("posts");
    cluster_.configure(with({"http://127.0.0.1:2"}));
    EXPECT_EQ(cluster_.guard("posts"), guard);
    EXPECT_NE(cluster_.guard("others"), guard);
    auto other = with({"http://127.0.0.1:2"});
    other.breaker.min_calls = 5;
    cluster_.configure(other);
    EXPECT_NE(cluster_.guard("posts"), guard);
}

TEST(Upstream, PassesOverOpenBreakersAndTheTried) {
    telemetry::Metrics metrics;
    net::Loop loop(0);
    http::TlsContext tls;
    auto const cluster = std::make_shared<Cluster>("post", metrics);
    cluster->configure(with({"http://127.0.0.1:1", "http://127.0.0.1:2"}));
    auto const guard = cluster->guard("posts");
    Upstream upstream(loop, cluster, tls);
    auto const now = Steady::now();
    Upstream::TimePoint retry_at{};
    EXPECT_EQ(upstream.pick(*guard, {.now = now, .exclude = 0b01}, retry_at)->bit(), 0b10u);
    EXPECT_FALSE(upstream.pick(*guard, {.now = now, .exclude = 0b11}, retry_at));
    EXPECT_EQ(retry_at, Upstream::TimePoint{}) << "no breaker had a part in it";
    guard->breaker(1).force(resilience::CircuitBreaker::Force::open, now);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(upstream.pick(*guard, {.now = now}, retry_at)->bit(), 0b01u);
    guard->breaker(0).force(resilience::CircuitBreaker::Force::open, now);
    EXPECT_FALSE(upstream.pick(*guard, {.now = now}, retry_at));
    EXPECT_GE(retry_at, now);
    EXPECT_EQ(cluster->guard("others")->known_breaker(0), nullptr) << "each route has its own";
    EXPECT_TRUE(upstream.pick(*cluster->guard("others"), {.now = now}, retry_at));
}

TEST(Upstream, TakesNoticeOfWhoComesAndGoes) {
    telemetry::Metrics metrics;
    net::Loop loop(0);
    http::TlsContext tls;
    auto const cluster = std::make_shared<Cluster>("post", metrics);
    cluster->configure(with({"http://127.0.0.1:1"}));
    auto const guard = cluster->guard("posts");
    Upstream upstream(loop, cluster, tls);
    Upstream::TimePoint retry_at{};
    Upstream::Question const question{.now = Steady::now()};
    auto const first = upstream.pick(*guard, question, retry_at);
    cluster->configure(with({"http://127.0.0.1:2"}));
    auto const second = upstream.pick(*guard, question, retry_at);
    EXPECT_EQ(first->place->instance->origin, "http://127.0.0.1:1") << "requests keep their place";
    EXPECT_EQ(second->place->instance->origin, "http://127.0.0.1:2");
    cluster->configure({});
    EXPECT_FALSE(upstream.pick(*guard, question, retry_at));
    EXPECT_FALSE(upstream.has_another(0));
}

}  // namespace
}  // namespace grover::gateway
