// What the contract suite cannot see: the file. It follows the schema, nothing that is not ours is
// touched, and the log is emptied without being asked.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/sync.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::store {
namespace {

namespace fs = std::filesystem;
using testing::sync;

Schema with(std::vector<Index> indexes, std::vector<std::string> searchable = {}) {
    return {
        {{.name = "things", .indexes = std::move(indexes), .searchable = std::move(searchable)}}};
}

std::string bytes_of(fs::path const& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(fs::path const& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class SqliteFile : public ::testing::Test {
protected:
    std::unique_ptr<DocumentStore> open(Schema schema = with({})) {
        return open_sqlite({.file = file_, .schema = std::move(schema)});
    }
    /// A store with documents 0 to `count` - 1 in it: `even`, and a text.
    void fill(int count, Schema schema = with({})) {
        auto const store = open(std::move(schema));
        Batch batch;
        for (int i = 0; i < count; ++i)
            batch.add(Insert{"things",
                             {{"_id", std::to_string(i)},
                              {"even", i % 2 == 0},
                              {"text", "number " + std::to_string(i) + std::string(100, '.')}}});
        ASSERT_TRUE(sync(store->commit(std::move(batch))).has_value());
    }
    static std::int64_t evens(DocumentStore& store) {
        return sync(store.count("things", {{"even", Condition::Op::equal, true}}));
    }
    /// One line that holds `words`, and a file that has not changed by a byte.
    void expect_refused(std::string_view words) {
        auto const before = bytes_of(file_);
        try {
            static_cast<void>(open());
            ADD_FAILURE() << "opened";
        } catch (ConfigError const& error) {
            std::string_view const what = error.what();
            EXPECT_TRUE(what.contains(words)) << what;
            EXPECT_TRUE(what.contains(file_.filename().string())) << what;
            EXPECT_FALSE(what.contains('\n')) << what;
        }
        EXPECT_EQ(bytes_of(file_), before);
    }
    void change(std::string const& sql) {
        sqlite::Connection(file_, sqlite::Connection::Mode::write).execute(sql);
    }

    testing::TemporaryFolder folder_;
    fs::path file_ = folder_.path() / "store.db";
};

TEST_F(SqliteFile, ANewIndexFindsWhatWasThereBefore) {
    fill(100);
    auto const store = open(with({{.fields = {"even"}}}));
    EXPECT_EQ(evens(*store), 50);
}

TEST_F(SqliteFile, ADroppedIndexIsGoneAndTheDocumentsStay) {
    fill(100, with({{.fields = {"even"}}}));
    auto const store = open();
    EXPECT_THROW(evens(*store), std::logic_error);
    EXPECT_EQ(sync(store->count("things", {})), 100);
}

TEST_F(SqliteFile, AFieldThatBecomesSearchableIsFoundInOldDocuments) {
    fill(100);
    auto const store = open(with({}, {"text"}));
    auto const found = sync(store->search({.collection = "things", .words = {"number", "42"}}));
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().body.at("_id"), "42");
}

TEST_F(SqliteFile, ACollectionThatIsNoLongerDeclaredStays) {
    fill(100);
    static_cast<void>(open({{{.name = "others"}}}));
    EXPECT_EQ(sync(open()->count("things", {})), 100);
}

TEST_F(SqliteFile, DocumentsThatShareWhatBecomesUniqueStopTheStart) {
    fill(100);
    try {
        static_cast<void>(open(with({{.fields = {"even"}, .unique = true}})));
        FAIL() << "opened";
    } catch (ConfigError const& error) {
        EXPECT_TRUE(std::string_view(error.what()).contains("\"things\"")) << error.what();
    }
    EXPECT_EQ(sync(open()->count("things", {})), 100);
}

TEST_F(SqliteFile, WhatIsNoDatabaseIsLeftAlone) {
    write(file_, std::string(5'000, 'x'));
    expect_refused("damaged or not a database");
    write(file_, "SQLite format 3");
    expect_refused("damaged or not a database");
}

TEST_F(SqliteFile, ADamagedFileIsLeftAlone) {
    fill(2'000);
    auto const good = bytes_of(file_);
    ASSERT_GT(good.size(), 40u * 4096);
    auto damaged = good;
    damaged.replace(20 * 4096, 8 * 4096, 8 * 4096, '\xa5');
    write(file_, damaged);
    expect_refused("damaged");
    write(file_, good.substr(0, good.size() / 2));  // cut off
    expect_refused("damaged");
    write(file_, good);
    EXPECT_EQ(sync(open()->count("things", {})), 2'000);
}

TEST_F(SqliteFile, AnothersDatabaseIsLeftAlone) {
    change("CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1);");
    expect_refused("not one of Grover's");
}

TEST_F(SqliteFile, ANewerFormatIsLeftAlone) {
    fill(10);
    change("PRAGMA user_version = 1000; PRAGMA wal_checkpoint(TRUNCATE);");
    expect_refused("newer version");
}

TEST_F(SqliteFile, OneStoreAtATime) {
    auto const store = open();
    expect_refused("another process uses this store");
}

TEST_F(SqliteFile, AFolderThatCannotBeMadeStopsTheStart) {
    write(folder_.path() / "file", "");
    EXPECT_THROW(open_sqlite({.file = folder_.path() / "file" / "store.db", .schema = with({})}),
                 ConfigError);
}

TEST_F(SqliteFile, TheLogIsMovedToTheFileWhenItIsQuiet) {
    auto const store = open();
    auto const before = fs::file_size(file_);
    Batch batch;
    for (int i = 0; i < 200; ++i)  // far fewer pages than are moved at once
        batch.add(Insert{"things", {{"_id", std::to_string(i)}, {"text", std::string(500, '.')}}});
    ASSERT_TRUE(sync(store->commit(std::move(batch))).has_value());
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (fs::file_size(file_) == before && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_GT(fs::file_size(file_), before);
    EXPECT_EQ(sync(store->count("things", {})), 200);
}

/// No file of this process grows beyond what `file` and its log are now, as on a full disk.
class FullDisk {
public:
    explicit FullDisk(fs::path const& file) {
        ::signal(SIGXFSZ, SIG_IGN);  // write() says EFBIG instead
        ::getrlimit(RLIMIT_FSIZE, &before_);
        auto limit = before_;
        limit.rlim_cur = std::max(fs::file_size(file), fs::file_size(file.string() + "-wal"));
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

TEST_F(SqliteFile, OnAFullDiskItSaysSoUntilThereIsRoomAgain) {
    fill(10);
    auto const store = open_sqlite(
        {.file = file_, .schema = with({}), .expiry_period = std::chrono::milliseconds(1)});
    auto const write = [&](std::string id) -> bool {
        Batch batch;
        batch.add(Insert{"things", {{"_id", std::move(id)}, {"text", std::string(100'000, '.')}}});
        try {
            return sync(store->commit(std::move(batch))).has_value();
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), ErrorCode::unavailable);
            return false;
        }
    };
    ASSERT_TRUE(write("before"));
    EXPECT_TRUE(sync(store->health()).sound);
    {
        FullDisk const full(file_);
        for (int i = 0; write("into what is left " + std::to_string(i)); ++i) continue;
        auto const health = sync(store->health());
        EXPECT_TRUE(health.connected);
        EXPECT_FALSE(health.sound);
        EXPECT_FALSE(health.detail.empty());
        EXPECT_TRUE(sync(store->get("things", "before")).has_value());
    }
    // Nobody has to write for that: the store tries by itself.
    while (!sync(store->health()).sound) std::this_thread::yield();
    EXPECT_TRUE(write("after"));
}

TEST_F(SqliteFile, DamageThatAReadMeetsShowsInItsHealth) {
    constexpr int count = 3'000;
    {
        auto const store = open();
        for (int i = 0; i < count; i += 500) {
            Batch batch;
            for (int k = i; k < i + 500; ++k)
                batch.add(Insert{"things",
                                 {{"_id", std::to_string(k)}, {"text", std::string(10'000, '.')}}});
            ASSERT_TRUE(sync(store->commit(std::move(batch))).has_value());
        }
    }
    auto const store = open();
    EXPECT_TRUE(sync(store->health()).sound);
    {
        std::fstream file(file_, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(fs::file_size(file_) / 2));
        file << std::string(4 << 20, '#');
    }
    int unreadable = 0;
    for (int i = 0; i < count; ++i) try {
            ASSERT_TRUE(sync(store->get("things", std::to_string(i))).has_value()) << i;
        } catch (Error const& error) {
            ASSERT_EQ(error.code(), ErrorCode::unavailable);
            ++unreadable;
        }
    EXPECT_GT(unreadable, 0);
    EXPECT_LT(unreadable, count / 2);
    auto const health = sync(store->health());
    EXPECT_TRUE(health.connected);
    EXPECT_FALSE(health.sound);
    EXPECT_FALSE(health.detail.empty());
}

}  // namespace
}  // namespace grover::store
