#include "store/sqlite/database.hpp"

#include <sqlite3.h>

#include <mutex>

namespace grover::store::sqlite {

namespace {

constexpr int busy_wait_ms = 10'000;

[[noreturn]] void fail(sqlite3* database, int code) {
    throw Failure(code, database ? sqlite3_errmsg(database) : sqlite3_errstr(code));
}

void check(sqlite3* database, int code) {
    if (code != SQLITE_OK) fail(database, code);
}

/// No lock per allocation and none per call: every connection is used by one thread at a time.
void configure_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    });
}

}  // namespace

bool Failure::is_duplicate() const noexcept {
    return code_ == SQLITE_CONSTRAINT_PRIMARYKEY || code_ == SQLITE_CONSTRAINT_UNIQUE ||
           code_ == SQLITE_CONSTRAINT_ROWID;
}

bool Failure::is_damage() const noexcept {
    auto const kind = code_ & 0xff;
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_IOERR;
}

bool Failure::is_interrupted() const noexcept {
    return code_ == SQLITE_INTERRUPT;
}

// ---- Statement ---------------------------------------------------------------------------------

Statement::Statement(sqlite3* database, std::string_view sql) {
    check(database, sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                       SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

void Statement::bind_text(int parameter, std::string_view text) {
    // A null pointer would bind NULL.
    auto const* data = text.data() ? text.data() : "";
    check(sqlite3_db_handle(statement_),
          sqlite3_bind_text64(statement_, parameter + 1, data, text.size(), SQLITE_STATIC,
                              SQLITE_UTF8));
}

void Statement::bind_pointer(int parameter, void* pointer, char const* type) {
    check(sqlite3_db_handle(statement_),
          sqlite3_bind_pointer(statement_, parameter + 1, pointer, type, nullptr));
}

void Statement::bind(int parameter, Scalar const& value) {
    auto const at = parameter + 1;
    auto const code = std::visit(
        [&](auto const& v) {
            using T = std::remove_cvref_t<decltype(v)>;
            if constexpr (std::same_as<T, Null>)
                return sqlite3_bind_null(statement_, at);
            else if constexpr (std::same_as<T, std::int64_t>)
                return sqlite3_bind_int64(statement_, at, v);
            else if constexpr (std::same_as<T, double>)
                return sqlite3_bind_double(statement_, at, v);
            else if constexpr (std::same_as<T, bool>)  // A blob sorts after text and is no number.
                return sqlite3_bind_blob(statement_, at, v ? "\1" : "\0", 1, SQLITE_STATIC);
            else {
                bind_text(parameter, v);
                return SQLITE_OK;
            }
        },
        value);
    check(sqlite3_db_handle(statement_), code);
}

bool Statement::step() {
    auto const code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(sqlite3_db_handle(statement_), sqlite3_extended_errcode(sqlite3_db_handle(statement_)));
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const noexcept {
    return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const noexcept {
    auto const* data = sqlite3_column_text(statement_, column);
    if (!data) return {};
    return {reinterpret_cast<char const*>(data),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Scalar Statement::scalar(int column) const noexcept {
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_INTEGER:
            return integer(column);
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement_, column);
        case SQLITE_TEXT:
            return text(column);
        case SQLITE_BLOB: {
            auto const* data = static_cast<char const*>(sqlite3_column_blob(statement_, column));
            return data && *data != 0;
        }
        default:
            return Null{};
    }
}

// ---- Connection --------------------------------------------------------------------------------

Connection::Connection(std::filesystem::path const& file, Mode mode) {
    configure_once();
    auto const flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
        (mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    auto const code = sqlite3_open_v2(file.c_str(), &database_, flags, nullptr);
    if (code != SQLITE_OK) {
        Failure const failure(code, database_ ? sqlite3_errmsg(database_) : sqlite3_errstr(code));
        sqlite3_close(database_);
        throw failure;
    }
    sqlite3_busy_timeout(database_, busy_wait_ms);
}

Connection::~Connection() {
    statements_.clear();
    sqlite3_close(database_);
}

void Connection::execute(std::string const& sql) {
    check(database_, sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr));
}

Statement& Connection::prepared(std::string_view sql) {
    if (auto const found = statements_.find(sql); found != statements_.end()) return found->second;
    return statements_
        .emplace(std::piecewise_construct, std::forward_as_tuple(sql),
                 std::forward_as_tuple(database_, sql))
        .first->second;
}

std::int64_t Connection::number(std::string_view sql) {
    Statement statement(database_, sql);
    return statement.step() ? statement.integer(0) : 0;
}

void Connection::interrupt_at(std::chrono::steady_clock::time_point time) {
    constexpr int steps_between_looks = 1'000;
    interrupt_at_ = time;
    auto const look = [](void* self) -> int {
        return std::chrono::steady_clock::now() >= static_cast<Connection*>(self)->interrupt_at_;
    };
    bool const never = time == std::chrono::steady_clock::time_point::max();
    sqlite3_progress_handler(database_, never ? 0 : steps_between_looks, look, this);
}

std::int64_t Connection::last_inserted() const noexcept {
    return sqlite3_last_insert_rowid(database_);
}

std::string identifier(std::string_view name) {
    std::string out = "\"";
    for (char c : name) out.append(c == '"' ? 2 : 1, c);
    return out += '"';
}

}  // namespace grover::store::sqlite
