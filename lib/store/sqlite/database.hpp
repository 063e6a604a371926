// SQLite's C interface with owners and exceptions: Connection, Statement, Run.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/string_map.hpp"
#include "store/scalar.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace grover::store::sqlite {

/// What SQLite refused, with its extended result code. Does not leave this folder.
class Failure : public std::runtime_error {
public:
    Failure(int code, std::string const& what) : std::runtime_error(what), code_(code) {}
    int code() const noexcept { return code_; }
    /// A primary or unique key is already there.
    bool is_duplicate() const noexcept;
    /// The file is not what it should be, or the disk does not give it.
    bool is_damage() const noexcept;
    /// The time set with Connection::interrupt_at() has come.
    bool is_interrupted() const noexcept;

private:
    int code_;
};

/// A compiled statement.
class Statement {
public:
    Statement(sqlite3* database, std::string_view sql);
    ~Statement();
    Statement(Statement const&) = delete;
    Statement& operator=(Statement const&) = delete;

    /// Parameters and columns count from 0. Text is not copied: it must stay until the run ends.
    void bind(int parameter, Scalar const& value);
    void bind_text(int parameter, std::string_view text);
    /// For what SQLite hands out through a parameter; `type` is its name there.
    void bind_pointer(int parameter, void* pointer, char const* type);
    /// True when there is a row.
    bool step();
    void reset() noexcept;

    std::int64_t integer(int column) const noexcept;
    /// Valid until the next step or reset.
    std::string_view text(int column) const noexcept;
    Scalar scalar(int column) const noexcept;

private:
    sqlite3_stmt* statement_ = nullptr;
};

/// One run of a statement that is kept: binds on construction, resets on destruction.
class Run {
public:
    template <class... Parameters>
    explicit Run(Statement& statement, Parameters const&... parameters) : statement_(statement) {
        int at = 0;
        (bind(at++, parameters), ...);
    }
    ~Run() { statement_.reset(); }
    Run(Run const&) = delete;
    Run& operator=(Run const&) = delete;

    Statement* operator->() noexcept { return &statement_; }

private:
    void bind(int at, std::string_view text) { statement_.bind_text(at, text); }
    void bind(int at, std::int64_t number) { statement_.bind(at, Scalar(number)); }
    void bind(int at, std::same_as<Scalar> auto const& value) { statement_.bind(at, value); }

    Statement& statement_;
};

/// One connection, used by one thread at a time.
class Connection {
public:
    enum class Mode { read, write };
    Connection(std::filesystem::path const& file, Mode mode);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    sqlite3* handle() noexcept { return database_; }
    /// Runs one or more statements that return nothing of interest.
    void execute(std::string const& sql);
    /// The compiled form of `sql`, made at its first use. Reference stays valid.
    Statement& prepared(std::string_view sql);
    /// The first column of the first row; 0 without one.
    std::int64_t number(std::string_view sql);
    std::int64_t last_inserted() const noexcept;
    /// Statements that still run at this time fail. time_point::max() for none.
    void interrupt_at(std::chrono::steady_clock::time_point time);
    /// Forgets compiled statements: before the schema changes.
    void forget_statements() { statements_.clear(); }

private:
    sqlite3* database_ = nullptr;
    std::chrono::steady_clock::time_point interrupt_at_;
    StringMap<Statement> statements_;
};

/// `name` as an SQL identifier.
std::string identifier(std::string_view name);

}  // namespace grover::store::sqlite
