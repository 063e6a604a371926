#include "store/copy.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::testing {

using namespace store;

namespace {

constexpr std::size_t notes = 1'200;  // more than two pages

Schema schema() {
    return {{{.name = "notes", .expires_field = "ends_at"},
             {.name = "tags", .indexes = {{.fields = {"tag"}, .unique = true}}}}};
}

/// Another store that breaks at a commit, as a program that is killed would.
class Breaking final : public DocumentStore {
public:
    Breaking(DocumentStore& inner, int commits) : inner_(inner), commits_(commits) {}

    Task<std::optional<Document>> get(std::string_view collection, std::string_view id) override {
        return inner_.get(collection, id);
    }
    Task<std::vector<std::optional<Document>>> get_many(
        std::string_view collection, std::vector<std::string> const& ids) override {
        return inner_.get_many(collection, ids);
    }
    Task<std::vector<Document>> find(Query query) override { return inner_.find(std::move(query)); }
    Task<std::int64_t> count(std::string_view collection, Filter filter) override {
        return inner_.count(collection, std::move(filter));
    }
    Task<std::vector<Document>> search(Search search) override {
        return inner_.search(std::move(search));
    }
    Task<std::expected<void, Rejected>> commit(Batch batch) override {
        if (commits_-- <= 0) throw std::runtime_error("killed");
        return inner_.commit(std::move(batch));
    }
    Task<Health> health() override { return inner_.health(); }
    std::string_view engine() const noexcept override { return "breaking"; }

private:
    DocumentStore& inner_;
    int commits_;
};

class Copying : public ::testing::Test {
protected:
    Copying() {
        for (std::size_t n = 0; n < notes; ++n) put(*from_, "notes", std::to_string(n));
        put(*from_, "tags", "a");
    }
    std::unique_ptr<DocumentStore> open(std::string const& name) {
        auto all = schema();
        all.collections.push_back(copy_mark());
        return open_sqlite({.file = folder_.path() / name, .schema = std::move(all)});
    }
    static void put(DocumentStore& store, std::string collection, std::string id) {
        Batch batch;
        batch.add(Upsert{std::move(collection), {{"_id", id}, {"tag", id}}});
        ASSERT_TRUE(sync(store.commit(std::move(batch))));
    }
    static std::int64_t count(DocumentStore& store) { return sync(store.count("notes", {})); }
    std::vector<CopiedCollection> copy() { return sync(copy_all(*from_, *to_, schema())); }

    TemporaryFolder folder_;
    std::unique_ptr<DocumentStore> from_ = open("from.db");
    std::unique_ptr<DocumentStore> to_ = open("to.db");
};

}  // namespace

TEST_F(Copying, IsInterruptedAnywhereAndGoesOn) {
    auto const whole = [&] {
        auto const other = open("whole.db");
        return sync(copy_all(*from_, *other, schema()));
    }();
    ASSERT_EQ(whole.size(), 2u);
    EXPECT_EQ(whole[0].documents, static_cast<std::int64_t>(notes));
    // The mark, three pages of notes, one of tags, the mark again.
    for (int commits = 1; commits < 6; ++commits) {
        to_ = open(std::to_string(commits));
        Breaking breaking(*to_, commits);
        EXPECT_THROW(sync(copy_all(*from_, breaking, schema())), std::runtime_error);
        EXPECT_TRUE(sync(is_half_copied(*to_))) << commits;
        EXPECT_THROW(sync(copy_all(*to_, *from_, schema())), std::runtime_error) << commits;
        EXPECT_EQ(count(*from_), static_cast<std::int64_t>(notes));
        auto const copied = copy();
        for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(copied[i].hash, whole[i].hash) << commits;
        EXPECT_FALSE(sync(is_half_copied(*to_)));
    }
}

TEST_F(Copying, TwiceIsOnce) {
    auto const first = copy();
    auto const second = copy();
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(first[i].hash, second[i].hash);
}

TEST_F(Copying, LeavesATargetOfSomebodyElseAsItIs) {
    put(*to_, "notes", "theirs");
    EXPECT_THROW(copy(), std::runtime_error);
    EXPECT_EQ(count(*to_), 1);
    EXPECT_FALSE(sync(is_half_copied(*to_)));
}

TEST_F(Copying, OverwritesNothingThatCameAfterIt) {
    copy();
    put(*to_, "notes", "7");  // the second version
    EXPECT_THROW(copy(), std::runtime_error);
    EXPECT_EQ(sync(to_->get("notes", "7"))->version, 2);
}

TEST_F(Copying, GoesOnOnlyWithWhatFits) {
    Breaking breaking(*to_, 1);
    EXPECT_THROW(sync(copy_all(*from_, breaking, schema())), std::runtime_error);
    Batch batch;
    batch.add(Insert{"tags", {{"_id", "other"}, {"tag", "a"}}});
    ASSERT_TRUE(sync(to_->commit(std::move(batch))));
    EXPECT_THROW(copy(), std::runtime_error);  // the same unique key
    EXPECT_TRUE(sync(is_half_copied(*to_)));
}

namespace {

Batch note_that_ends(std::string id, std::chrono::milliseconds in) {
    Batch out;
    out.add(
        Insert{"notes", {{"_id", std::move(id)}, {"ends_at", (system_now() + in).to_string()}}});
    return out;
}

Batch removal(std::string id) {
    Batch out;
    out.add(Remove{.collection = "notes", .id = std::move(id)});
    return out;
}

}  // namespace

TEST_F(Copying, WhatExpiresMeanwhileIsNoDifference) {
    ASSERT_TRUE(sync(from_->commit(note_that_ends("soon", std::chrono::minutes(1)))));
    ASSERT_TRUE(sync(from_->commit(note_that_ends("later", std::chrono::hours(24)))));
    auto const first = copy();
    EXPECT_EQ(first[0].documents, static_cast<std::int64_t>(notes) + 1);
    EXPECT_TRUE(sync(to_->get("notes", "soon")));
    ASSERT_TRUE(sync(from_->commit(removal("soon"))));  // As the engine does.
    EXPECT_EQ(copy()[0].hash, first[0].hash);
    ASSERT_TRUE(sync(from_->commit(removal("later"))));
    EXPECT_THROW(copy(), std::runtime_error);
}

}  // namespace grover::testing
