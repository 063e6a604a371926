// What every DocumentStore does, as one test suite. An engine's test program instantiates it:
//
//     INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(engine));
//
// The tests are in store_contract_*.cpp; each gets an empty store with schema().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/document_store.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::testing {

struct StoreEngine {
    std::string name;
    /// Opens the store of the test that owns `place`; again after it was closed finds the data.
    std::function<std::unique_ptr<store::DocumentStore>(std::filesystem::path const& place,
                                                        store::Schema const& schema)>
        open;
};
inline std::ostream& operator<<(std::ostream& out, StoreEngine const& engine) {
    return out << engine.name;
}

class StoreContract : public ::testing::TestWithParam<StoreEngine> {
protected:
    StoreContract();

    /// "people": unique email (sparse) and unique (team, number); "things": what queries look at.
    static store::Schema schema();
    /// Closes the store and opens it again.
    void reopen();

    using Outcome = std::expected<void, store::Rejected>;
    Outcome commit(store::Batch batch) { return sync(store_->commit(std::move(batch))); }
    template <class... Writes>
    Outcome commit_all(Writes... writes) {
        store::Batch batch;
        (batch.add(std::move(writes)), ...);
        return commit(std::move(batch));
    }
    /// Commits and fails the test when it is rejected.
    template <class... Writes>
    void apply(Writes... writes) {
        EXPECT_TRUE(commit_all(std::move(writes)...).has_value());
    }
    std::optional<store::Document> get(std::string_view collection, std::string_view id) {
        return sync(store_->get(collection, id));
    }
    /// The ids of what a query finds, in order, with blanks between.
    std::string find(store::Query query);
    std::string search(store::Search search);
    std::int64_t count(std::string_view collection, store::Filter filter = {}) {
        return sync(store_->count(collection, std::move(filter)));
    }

    TemporaryFolder folder_;
    std::unique_ptr<store::DocumentStore> store_;
};

/// "exists 0": why a batch was rejected, and which write.
std::string describe(std::expected<void, store::Rejected> const& outcome);

/// Expects std::logic_error: what no program should ask for.
#define EXPECT_WRONG(expression) EXPECT_THROW((void)(expression), std::logic_error)

namespace contract {
void writes();
void keys();
void queries();
void pages();
void searches();
void concurrency();
/// Refers to the files of the tests; referred to by whoever includes this, so that the linker keeps
/// them.
void suite();
[[gnu::used]] inline void (*const keep)() = &suite;
}  // namespace contract

}  // namespace grover::testing
