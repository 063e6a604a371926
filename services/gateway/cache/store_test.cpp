#include "gateway/cache/store.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "gateway/cache/test_messages.hpp"

namespace grover::gateway::cache {
namespace {

EntryPtr entry_of(std::size_t bytes, std::vector<std::string> tags = {}, std::string variant = {}) {
    auto entry = std::make_shared<Entry>();
    entry->body = std::make_shared<Body const>(std::string(bytes, 'x'));
    entry->tags = std::move(tags);
    if (!variant.empty()) entry->selected_by.emplace_back("foo", std::move(variant));
    return entry;
}

class CacheStore : public ::testing::Test {
protected:
    bool put(std::string const& key, EntryPtr entry = entry_of(1000)) {
        return store_.insert(key, std::move(entry), store_.version(key));
    }
    bool has(std::string const& key, std::string_view fields = {}) {
        return store_.find(key, RequestText(fields).head()).entry != nullptr;
    }
    Store store_{{.bytes = 1 << 20, .variants = 3}};
};

TEST_F(CacheStore, GivesWhatWasPut) {
    EXPECT_FALSE(has("a"));
    auto const entry = entry_of(10);
    EXPECT_TRUE(put("a", entry));
    EXPECT_EQ(store_.find("a", RequestText().head()).entry, entry);
    auto const other = entry_of(10);
    EXPECT_TRUE(put("a", other));
    EXPECT_EQ(store_.find("a", RequestText().head()).entry, other);
    EXPECT_EQ(store_.counts().keys, 1u);
}

TEST_F(CacheStore, KeepsVariantsApartAndFew) {
    for (auto const* value : {"1", "2", "3"}) EXPECT_TRUE(put("a", entry_of(10, {}, value)));
    EXPECT_TRUE(has("a", "Foo: 1\r\n") && has("a", "Foo: 3\r\n"));
    auto const missed = store_.find("a", RequestText("Foo: 9\r\n").head());
    EXPECT_TRUE(!missed.entry && missed.has_variants);
    put("a", entry_of(10, {}, "4"));
    EXPECT_FALSE(has("a", "Foo: 1\r\n"));
    EXPECT_TRUE(has("a", "Foo: 4\r\n"));
}

TEST_F(CacheStore, StaysWithinItsBytes) {
    for (int i = 0; i < 5000; ++i) put("key" + std::to_string(i));
    auto const counts = store_.counts();
    EXPECT_LE(counts.bytes, 1u << 20);
    EXPECT_GT(counts.bytes, 1u << 19);
    EXPECT_GT(counts.evicted, 3000u);
}

TEST_F(CacheStore, WhatIsLargerThanAShardIsNotKept) {
    EXPECT_FALSE(put("large", entry_of(1 << 20)));
    EXPECT_FALSE(has("large"));
    EXPECT_EQ(store_.counts().bytes, 0u);
}

TEST_F(CacheStore, AScanDoesNotDriveOutWhatIsAskedFor) {
    std::vector<std::string> asked_often;
    for (int i = 0; i < 200; ++i) asked_often.push_back("often" + std::to_string(i));
    for (auto const& key : asked_often) put(key);
    for (int i = 0; i < 20'000; ++i) {
        put("once" + std::to_string(i));
        if (i % 20 == 0)
            for (auto const& key : asked_often)
                if (!has(key)) put(key);
    }
    int kept = 0;
    for (auto const& key : asked_often) kept += has(key);
    EXPECT_GT(kept, 150);
}

TEST_F(CacheStore, CountsWhatAnEntryGrewBy) {
    put("a");
    auto const before = store_.counts().bytes;
    store_.grown("a", 5000);
    store_.grown("unknown", 5000);
    EXPECT_EQ(store_.counts().bytes, before + 5000);
    store_.purge("a");
    EXPECT_EQ(store_.counts().bytes, 0u);
}

TEST_F(CacheStore, PurgesByKeyPrefixAndTag) {
    put("http://x/a/1", entry_of(10, {"post:1", "user:1"}));
    put("http://x/a/2", entry_of(10, {"post:2", "user:1"}));
    put("http://x/b/1", entry_of(10, {"post:1"}));
    EXPECT_EQ(store_.purge("http://x/nothing"), 0u);
    EXPECT_EQ(store_.purge_tag("post:9"), 0u);
    EXPECT_EQ(store_.purge_tag("post:2"), 1u);
    EXPECT_EQ(store_.purge_tag("user:1"), 1u);
    EXPECT_TRUE(!has("http://x/a/1") && has("http://x/b/1"));
    put("http://x/a/1");
    EXPECT_EQ(store_.purge_prefix("http://x/a/"), 1u);
    EXPECT_EQ(store_.purge("http://x/b/1"), 1u);
    put("c");
    EXPECT_EQ(store_.purge_all(), 1u);
    EXPECT_EQ(store_.counts().keys, 0u);
    EXPECT_EQ(store_.counts().bytes, 0u);
}

TEST_F(CacheStore, ATagOfAReplacedVariantIsForgotten) {
    put("a", entry_of(10, {"old"}));
    put("a", entry_of(10, {"new"}));
    EXPECT_EQ(store_.purge_tag("old"), 0u);
    EXPECT_TRUE(has("a"));
    EXPECT_EQ(store_.purge_tag("new"), 1u);
}

TEST_F(CacheStore, WhatWasFetchedBeforeAPurgeIsNotStoredAfterIt) {
    auto const before = store_.version("a");
    store_.purge("a");
    EXPECT_FALSE(store_.insert("a", entry_of(10), before));
    EXPECT_TRUE(put("a"));
    auto const tagged = store_.version("a");
    store_.purge_tag("t");
    EXPECT_FALSE(store_.insert("a", entry_of(10, {"t"}), tagged));
    EXPECT_TRUE(store_.insert("a", entry_of(10, {"other"}), tagged));
    auto const prefixed = store_.version("a");
    store_.purge_prefix("b");
    EXPECT_TRUE(store_.insert("a", entry_of(10), prefixed));
    store_.purge_all();
    EXPECT_FALSE(store_.insert("a", entry_of(10), prefixed));
    auto const forgotten = store_.version("a");
    for (int i = 0; i < 300; ++i) store_.purge_tag("t");
    EXPECT_FALSE(store_.insert("a", entry_of(10), forgotten));
}

TEST_F(CacheStore, IsSafeFromManyThreads) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 3000; ++i) {
                auto const key = "k" + std::to_string((i * 7 + t) % 500);
                if (auto const found = store_.find(key, RequestText().head()); found.entry)
                    store_.grown(key, found.entry->body->encode(http::Coding::gzip).size());
                else
                    put(key, entry_of(2000, {"t" + std::to_string(i % 10)}));
                if (i % 100 == 0) store_.purge_tag("t" + std::to_string(i % 10));
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_LE(store_.counts().bytes, 1u << 20);
    store_.purge_all();
    EXPECT_EQ(store_.counts().bytes, 0u);
}

}  // namespace
}  // namespace grover::gateway::cache
