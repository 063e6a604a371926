// The store's verbs on each engine, beside the raw driver doing the same: operations/s, CPU each.
//
//     python3 tools/mongo_server.py build/release/bin/grover-bench-store [OPERATIONS [VERB...]]
//
// SQLite is asked by one caller, one thing after the other, and then as MongoDB is: by several at a
// time, the raw driver's on a thread each with a connection of its own, as both are meant to be
// used. CPU is that of this process, driver's threads and all; a server's is not in it. The raw
// driver's documents stay rows of SQLite or BSON: turning them into JSON is a part of our layer,
// and so of its cost. Without GROVER_MONGO_URL SQLite alone runs. Long, as a benchmark is one
// program to read.
#include <fmt/core.h>
#include <mongoc/mongoc.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "base/secret.hpp"
#include "net/async.hpp"
#include "net/loop.hpp"
#include "store/mongo/mongo_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace grover;
using store::DocumentStore;

constexpr std::size_t documents = 2'000;
constexpr std::size_t authors = 50;
constexpr std::size_t many_callers = 8;
constexpr char text[] = "What a fine day it is to measure things, said the bench to the store.";

std::string id_of(std::size_t n) {
    return fmt::format("post_{:08}", n);
}
std::string author_of(std::size_t n) {
    return fmt::format("user_{:04}", n % authors);
}

store::Schema schema() {
    return {{{.name = "posts", .indexes = {{.fields = {"user_id"}}}}, {.name = "log"}}};
}
store::json::object document(std::size_t n) {
    return {{"_id", id_of(n)}, {"user_id", author_of(n)}, {"content", text}, {"likes", 0}};
}

double cpu_us() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const us = [](timeval const& time) {
        return 1e6 * double(time.tv_sec) + double(time.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

struct Cost {
    double per_second;
    double cpu;
};
template <class Run>
Cost measure(std::size_t operations, Run run) {
    auto const began = std::chrono::steady_clock::now();
    auto const before = cpu_us();
    run(operations);
    auto const used = cpu_us() - before;
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
    return {double(operations) / took.count(), used / double(operations)};
}

/// On one loop for all, as in a service: it keeps the store's connections.
void on_loop(std::function<net::Task<>()> work) {
    static net::Loops loops(1);
    static std::once_flag started;
    std::call_once(started, [] { loops.start(); });
    net::asio::co_spawn(loops.at(0).executor(), std::move(work), net::asio::use_future).get();
}

/// What is measured, in the order of the table. `n` is the number of the operation.
enum Verb { get, get_many, find, count, insert, patch, batch, verbs };
constexpr char const* names[verbs] = {"get",    "get_many 20", "find 20",   "count",
                                      "insert", "patch",       "batch of 2"};
constexpr bool writes(Verb verb) {
    return verb >= insert;
}

net::Task<> ask(DocumentStore& store, Verb verb, std::size_t n) {
    store::Batch writes;
    switch (verb) {
        case get:
            co_await store.get("posts", id_of(n % documents));
            co_return;
        case get_many: {
            std::vector<std::string> ids;
            for (std::size_t i = 0; i < 20; ++i) ids.push_back(id_of((n * 20 + i) % documents));
            co_await store.get_many("posts", ids);
            co_return;
        }
        case find:
            co_await store.find({.collection = "posts",
                                 .filter = {{"user_id", store::Condition::Op::equal,
                                             store::json::value(author_of(n))}},
                                 .order = {{"_id", true}},
                                 .limit = 20});
            co_return;
        case count:
            co_await store.count("posts", {{"user_id", store::Condition::Op::equal,
                                            store::json::value(author_of(n))}});
            co_return;
        case insert:
            writes.add(store::Insert{"posts", document(1'000'000 + n)});
            break;
        case batch:
            writes.add(store::Insert{"log", {{"_id", id_of(n)}}});
            [[fallthrough]];
        case patch:
            writes.add(store::Patch{
                .collection = "posts", .id = id_of(n % documents), .inc = {{"likes", 1}}});
            break;
        case verbs:
            break;
    }
    if (!co_await store.commit(std::move(writes))) throw std::runtime_error("was rejected");
}

void fill(DocumentStore& store) {
    on_loop([&]() -> net::Task<> {
        for (std::size_t n = 0; n < documents; n += 500) {
            store::Batch batch;
            for (std::size_t i = n; i < n + 500; ++i)
                batch.add(store::Insert{"posts", document(i)});
            if (!co_await store.commit(std::move(batch))) throw std::runtime_error("was rejected");
        }
    });
}

// ---- SQLite as it is ----------------------------------------------------------------------------

class RawSqlite {
public:
    explicit RawSqlite(std::string const& file) {
        bool const is_new = !std::filesystem::exists(file);
        sqlite3_open(file.c_str(), &database_);
        sqlite3_busy_timeout(database_, 60'000);
        run("PRAGMA journal_mode=WAL");
        run("PRAGMA synchronous=FULL");
        if (!is_new) return;
        run("CREATE TABLE posts (id TEXT PRIMARY KEY, user_id TEXT, body TEXT) WITHOUT ROWID");
        run("CREATE TABLE log (id TEXT PRIMARY KEY) WITHOUT ROWID");
        run("CREATE INDEX by_user ON posts (user_id, id)");
        run("BEGIN");
        for (std::size_t n = 0; n < documents; ++n) add(n);
        run("COMMIT");
    }
    ~RawSqlite() {
        for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
        sqlite3_close(database_);
    }

    void ask(Verb verb, std::size_t n) {
        switch (verb) {
            case get:
                rows("SELECT body FROM posts WHERE id = ?", {id_of(n % documents)});
                break;
            case get_many: {
                std::string sql = "SELECT body FROM posts WHERE id IN (?";
                std::vector<std::string> ids{id_of(n * 20 % documents)};
                for (std::size_t i = 1; i < 20; ++i) {
                    sql += ",?";
                    ids.push_back(id_of((n * 20 + i) % documents));
                }
                rows(sql + ")", ids);
                break;
            }
            case find:
                rows("SELECT body FROM posts WHERE user_id = ? ORDER BY id DESC LIMIT 20",
                     {author_of(n)});
                break;
            case count:
                rows("SELECT count(*) FROM posts WHERE user_id = ?", {author_of(n)});
                break;
            case insert:
                add(1'000'000 + n);
                break;
            case batch:
                run("BEGIN IMMEDIATE");
                rows("INSERT INTO log VALUES (?)", {id_of(n)});
                bump(n);
                run("COMMIT");
                break;
            case patch:
                bump(n);
                break;
            case verbs:
                break;
        }
    }

private:
    static void check(int status) {
        if (status != SQLITE_OK) throw std::runtime_error("the raw SQLite failed");
    }
    void run(char const* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
    void add(std::size_t n) {
        rows("INSERT INTO posts VALUES (?, ?, ?)",
             {id_of(n), author_of(n), store::json::serialize(document(n))});
    }
    void bump(std::size_t n) {
        rows(
            "UPDATE posts SET body = json_set(body, '$.likes', body ->> '$.likes' + 1) WHERE id = "
            "?",
            {id_of(n % documents)});
    }
    void rows(std::string const& sql, std::vector<std::string> const& values) {
        auto& statement = statements_[sql];
        if (!statement) sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr);
        for (std::size_t i = 0; i < values.size(); ++i)
            sqlite3_bind_text(statement, static_cast<int>(i) + 1, values[i].data(),
                              static_cast<int>(values[i].size()), SQLITE_STATIC);
        while (sqlite3_step(statement) == SQLITE_ROW) sqlite3_column_text(statement, 0);
        check(sqlite3_reset(statement));  // tells how the last step ended
    }

    sqlite3* database_ = nullptr;
    std::map<std::string, sqlite3_stmt*> statements_;
};

// ---- libmongoc as it is -------------------------------------------------------------------------

class RawMongo {
public:
    RawMongo(mongoc_client_pool_t* pool, char const* database)
        : pool_(pool), client_(mongoc_client_pool_pop(pool)) {
        posts_ = mongoc_client_get_collection(client_, database, "posts");
        log_ = mongoc_client_get_collection(client_, database, "log");
        auto* const durable = mongoc_write_concern_new();
        mongoc_write_concern_set_wmajority(durable, 3'000);
        mongoc_write_concern_set_journal(durable, true);
        auto* const majority = mongoc_read_concern_new();
        mongoc_read_concern_set_level(majority, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
        for (auto* const collection : {posts_, log_}) {
            mongoc_collection_set_write_concern(collection, durable);
            mongoc_collection_set_read_concern(collection, majority);
        }
        mongoc_write_concern_destroy(durable);
        mongoc_read_concern_destroy(majority);
        session_ = mongoc_client_start_session(client_, nullptr, nullptr);
        mongoc_client_session_append(session_, &in_session_, nullptr);
    }
    ~RawMongo() {
        bson_destroy(&in_session_);
        mongoc_client_session_destroy(session_);
        mongoc_collection_destroy(posts_);
        mongoc_collection_destroy(log_);
        mongoc_client_pool_push(pool_, client_);
    }
    RawMongo(RawMongo const&) = delete;
    RawMongo& operator=(RawMongo const&) = delete;

    void ask(Verb verb, std::size_t n) {
        bson_t* const by_id = BCON_NEW("_id", BCON_UTF8(id_of(n % documents).c_str()));
        bson_t* const by_user = BCON_NEW("user_id", BCON_UTF8(author_of(n).c_str()));
        bson_t options;
        bson_copy_to(&in_session_, &options);
        switch (verb) {
            case get:
                rows(by_id, &options);
                break;
            case get_many: {
                bson_t filter = BSON_INITIALIZER;
                bson_t in;
                bson_t array;
                BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &in);
                BSON_APPEND_ARRAY_BEGIN(&in, "$in", &array);
                for (std::size_t i = 0; i < 20; ++i)
                    BSON_APPEND_UTF8(&array, std::to_string(i).c_str(),
                                     id_of((n * 20 + i) % documents).c_str());
                bson_append_array_end(&in, &array);
                bson_append_document_end(&filter, &in);
                rows(&filter, &options);
                bson_destroy(&filter);
                break;
            }
            case find:
                BCON_APPEND(&options, "limit", BCON_INT64(20), "sort", "{", "_id", BCON_INT32(-1),
                            "}");
                rows(by_user, &options);
                break;
            case count:
                mongoc_collection_count_documents(posts_, by_user, &options, nullptr, nullptr,
                                                  nullptr);
                break;
            case insert: {
                auto const number = 3'000'000 + n;
                bson_t* const made =
                    BCON_NEW("_id", BCON_UTF8(id_of(number).c_str()), "user_id",
                             BCON_UTF8(author_of(number).c_str()), "content", BCON_UTF8(text),
                             "likes", BCON_INT64(0), "_v", BCON_INT64(1));
                check(mongoc_collection_insert_one(posts_, made, &options, nullptr, nullptr));
                bson_destroy(made);
                break;
            }
            case batch: {
                mongoc_client_session_start_transaction(session_, nullptr, nullptr);
                bson_t* const made =
                    BCON_NEW("_id", BCON_UTF8(("raw" + id_of(n)).c_str()), "_v", BCON_INT64(1));
                check(mongoc_collection_insert_one(log_, made, &options, nullptr, nullptr));
                bson_destroy(made);
                bump(by_id, &options);
                check(mongoc_client_session_commit_transaction(session_, nullptr, nullptr));
                break;
            }
            case patch:
                bump(by_id, &options);
                break;
            case verbs:
                break;
        }
        bson_destroy(&options);
        bson_destroy(by_id);
        bson_destroy(by_user);
    }

private:
    static void check(bool done) {
        if (!done) throw std::runtime_error("the raw driver failed");
    }
    void bump(bson_t const* by_id, bson_t const* options) {
        bson_t* const change =
            BCON_NEW("$inc", "{", "likes", BCON_INT64(1), "_v", BCON_INT64(1), "}");
        check(mongoc_collection_update_one(posts_, by_id, change, options, nullptr, nullptr));
        bson_destroy(change);
    }
    void rows(bson_t const* filter, bson_t const* options) {
        auto* const cursor = mongoc_collection_find_with_opts(posts_, filter, options, nullptr);
        for (bson_t const* row = nullptr; mongoc_cursor_next(cursor, &row);) {
        }
        mongoc_cursor_destroy(cursor);
    }

    mongoc_client_pool_t* pool_;
    mongoc_client_t* client_;
    mongoc_collection_t* posts_ = nullptr;
    mongoc_collection_t* log_ = nullptr;
    mongoc_client_session_t* session_ = nullptr;
    bson_t in_session_ = BSON_INITIALIZER;
};

/// `callers` at a time, each with every so-many-th operation.
void ask_all(DocumentStore& store, Verb verb, std::size_t callers, std::size_t operations) {
    auto const caller = [&](std::size_t first) -> net::Task<bool> {
        for (auto i = first; i < operations; i += callers) co_await ask(store, verb, i);
        co_return true;
    };
    on_loop([&]() -> net::Task<> {
        std::vector<net::Task<bool>> all;
        for (std::size_t i = 0; i < callers; ++i) all.push_back(caller(i));
        co_await net::gather(std::move(all));
    });
}
template <class Raw>
void ask_all(std::vector<std::unique_ptr<Raw>>& raw, Verb verb, std::size_t operations) {
    std::vector<std::jthread> threads;
    for (std::size_t first = 0; first < raw.size(); ++first)
        threads.emplace_back([&, first] {
            for (auto i = first; i < operations; i += raw.size()) raw[first]->ask(verb, i);
        });
}

void print(char const* name, Cost const& ours, Cost const& theirs) {
    fmt::print("{:<10} {:<12} {:>9.0f} {:>10.1f} {:>12.0f} {:>10.1f} {:>7.2f}\n", "", name,
               ours.per_second, ours.cpu, theirs.per_second, theirs.cpu, ours.cpu / theirs.cpu);
    std::fflush(stdout);
}

/// As many callers as there are clients of the raw driver.
template <class Raw>
void compare(char const* engine, DocumentStore& store, std::vector<std::unique_ptr<Raw>> raw,
             std::size_t operations, std::vector<std::string> const& chosen) {
    fmt::print("{:<10} {:<12} {:>9} {:>10} {:>12} {:>10} {:>7}\n", engine,
               fmt::format("{} at a time", raw.size()), "ours/s", "us CPU", "raw/s", "us CPU",
               "CPU x");
    for (int at = 0; at < verbs; ++at) {
        auto const verb = static_cast<Verb>(at);
        if (!chosen.empty() && std::ranges::find(chosen, names[verb]) == chosen.end()) continue;
        auto const times = writes(verb) ? operations / 4 : operations;
        auto const ours =
            measure(times, [&](std::size_t n) { ask_all(store, verb, raw.size(), n); });
        auto const theirs = measure(times, [&](std::size_t n) { ask_all(raw, verb, n); });
        print(names[verb], ours, theirs);
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    auto const operations =
        argument_count > 1 ? static_cast<std::size_t>(std::atoll(arguments[1])) : 4'000;
    std::vector<std::string> const chosen(arguments + std::min(argument_count, 2),
                                          arguments + argument_count);
    std::string pattern = (std::filesystem::temp_directory_path() / "grover-bench-XXXXXX").string();
    std::filesystem::path const folder = ::mkdtemp(pattern.data());
    for (std::size_t const callers : {std::size_t{1}, many_callers}) {
        auto const place = folder / std::to_string(callers);
        std::filesystem::create_directory(place);
        auto const store = store::open_sqlite({.file = place / "store.db", .schema = schema()});
        fill(*store);
        std::vector<std::unique_ptr<RawSqlite>> raw;
        for (std::size_t i = 0; i < callers; ++i)
            raw.push_back(std::make_unique<RawSqlite>(place / "raw.db"));
        compare("SQLite", *store, std::move(raw), operations, chosen);
    }
    std::filesystem::remove_all(folder);
    auto const* const url = std::getenv("GROVER_MONGO_URL");
    if (!url) {
        fmt::print("MongoDB    left out: GROVER_MONGO_URL names no server\n");
        return 0;
    }
    auto const database = fmt::format("bench_{}", ::getpid());
    auto const store = store::open_mongo({.url = Secret(url),
                                          .database = database,
                                          .schema = schema(),
                                          .hints = std::getenv("MONGO_HINTS") == nullptr});
    fill(*store);
    auto* const uri = mongoc_uri_new(url);
    auto* const pool = mongoc_client_pool_new(uri);
    std::vector<std::unique_ptr<RawMongo>> raw;
    for (std::size_t i = 0; i < many_callers; ++i)
        raw.push_back(std::make_unique<RawMongo>(pool, database.c_str()));
    compare("MongoDB", *store, std::move(raw), operations, chosen);
    mongoc_client_pool_destroy(pool);
    mongoc_uri_destroy(uri);
}
