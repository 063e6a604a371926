#include "store/sqlite/migration.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/config.hpp"
#include "store/sqlite/change.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/document.hpp"

namespace grover::store::sqlite {

namespace {

namespace fs = std::filesystem;

/// Larger files are not read through at the start, which takes 0.7 s a gigabyte from memory; what
/// is damaged in them shows when it is read (DocumentStore::Health).
constexpr std::uintmax_t check_bytes_max = 1 << 30;

[[noreturn]] void refuse(fs::path const& file, std::string_view what) {
    throw ConfigError(fmt::format("{}: {}", file.string(), what));
}

/// The one line for the operator.
[[noreturn]] void refuse(fs::path const& file, Failure const& failure) {
    switch (failure.code() & 0xff) {
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
            refuse(file,
                   "the file is damaged or not a database; it was left as it is "
                   "(restore a backup, or move it away to start empty)");
        case SQLITE_FULL:
            refuse(file, "the disk is full");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            refuse(file, "the file or its folder is not writable");
        default:
            refuse(file, failure.what());
    }
}

// ---- Checks before anything is written ---------------------------------------------------------

void inspect(fs::path const& file) {
    Connection connection(file, Connection::Mode::read);
    auto const application = connection.number("PRAGMA application_id");
    auto const version = connection.number("PRAGMA user_version");
    auto const objects = connection.number("SELECT count(*) FROM sqlite_master");
    if (application != application_id && (application != 0 || objects != 0))
        refuse(file, "this is a database, but not one of Grover's");
    if (version > format_version)
        refuse(file, fmt::format("written by a newer version of Grover (format {}, this one knows "
                                 "{}); it was left as it is",
                                 version, format_version));
    if (fs::file_size(file) > check_bytes_max) return;
    Statement check(connection.handle(), "PRAGMA quick_check(1)");
    if (!check.step() || check.text(0) != "ok") throw Failure(SQLITE_CORRUPT, "quick_check");
}

// ---- Migration ---------------------------------------------------------------------------------

/// What tables were filled for: "posts.columns" -> "created_at,user_id".
class Meta {
public:
    explicit Meta(Connection& connection) : connection_(connection) {
        connection_.execute(
            "CREATE TABLE IF NOT EXISTS \"$meta\"(name TEXT PRIMARY KEY, value TEXT NOT NULL)");
    }
    bool is(std::string const& name, std::string_view value) {
        Run row(connection_.prepared("SELECT value FROM \"$meta\" WHERE name = ?"), name);
        return row->step() && row->text(0) == value;
    }
    void set(std::string const& name, std::string_view value) {
        Run(connection_.prepared("INSERT OR REPLACE INTO \"$meta\" VALUES(?, ?)"), name, value)
            ->step();
    }

private:
    Connection& connection_;
};

std::string joined(std::vector<std::string> const& fields) {
    std::string out;
    for (auto const& field : fields) out.append(out.empty() ? "" : ",").append(field);
    return out;
}

std::set<std::string> objects_named(Connection& connection, std::string const& pattern) {
    std::set<std::string> out;
    Statement rows(connection.handle(), "SELECT name FROM sqlite_master WHERE name GLOB ?");
    rows.bind_text(0, pattern);
    while (rows.step()) out.emplace(rows.text(0));
    return out;
}

template <class Use>
void for_each_document(Connection& connection, CollectionLayout const& c, Use use) {
    Statement rows(connection.handle(), fmt::format("SELECT _ref, _id, body FROM {}", c.docs));
    while (rows.step()) {
        auto const document = decode(rows.text(1), 0, rows.text(2));
        use(rows.text(1), rows.integer(0), entry_of(c, document.body));
    }
}

void migrate_keys(Connection& connection, CollectionLayout const& c, Meta& meta) {
    auto const columns = joined(c.columns) + (c.expires() ? "|" + c.expires_field : std::string());
    if (meta.is(c.name + ".columns", columns)) return;
    connection.execute("DROP TABLE IF EXISTS " + c.keys);
    connection.execute(c.keys_table().create);
    for_each_document(connection, c,
                      [&](std::string_view id, std::int64_t ref, Entry const& entry) {
                          insert_key(connection, c, id, ref, entry);
                      });
    meta.set(c.name + ".columns", columns);
}

void migrate_indexes(Connection& connection, CollectionLayout const& c) {
    std::map<std::string, std::string> wanted;
    for (auto const& index : c.index_objects()) wanted.emplace(index.name, index.create);
    auto present = objects_named(connection, c.name + "$by*");
    present.merge(objects_named(connection, c.name + "$expires"));
    for (auto const& name : present)
        if (!wanted.contains(name)) connection.execute("DROP INDEX " + identifier(name));
    for (auto const& [name, create] : wanted) {
        if (present.contains(name)) continue;
        try {
            connection.execute(create);
        } catch (Failure const& failure) {
            if (!failure.is_duplicate()) throw;
            throw ConfigError(fmt::format(
                "collection \"{}\": two documents share what the schema now declares unique ({})",
                c.name, name));
        }
    }
}

void migrate_words(Connection& connection, CollectionLayout const& c, Meta& meta) {
    auto const fields = joined(c.searchable);
    auto const name = c.name + ".searchable";
    if (meta.is(name, fields)) return;
    connection.execute("DROP TABLE IF EXISTS " + c.words);
    if (c.has_words()) {
        connection.execute(c.words_table().create);
        for_each_document(connection, c,
                          [&](std::string_view, std::int64_t ref, Entry const& entry) {
                              insert_words(connection, c, ref, entry);
                          });
    }
    meta.set(name, fields);
}

void migrate(Connection& connection, Layout const& layout) {
    connection.execute("BEGIN IMMEDIATE");
    connection.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                   application_id, format_version));
    Meta meta(connection);
    for (auto const& c : layout.collections()) {
        if (objects_named(connection, c.name).empty()) connection.execute(c.docs_table().create);
        migrate_keys(connection, c, meta);
        migrate_indexes(connection, c);
        migrate_words(connection, c, meta);
    }
    connection.execute("COMMIT");
}

}  // namespace

FileLock::FileLock(fs::path const& file) {
    std::error_code failed;
    if (file.has_parent_path()) fs::create_directories(file.parent_path(), failed);
    if (failed) refuse(file.parent_path(), "cannot make the folder: " + failed.message());
    auto const name = file.string() + ".lock";
    descriptor_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) refuse(name, std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor_);
        refuse(file, "another process uses this store");
    }
}

FileLock::~FileLock() {
    ::close(descriptor_);
}

void migrate(fs::path const& file, Layout const& layout) {
    try {
        if (fs::exists(file) && fs::file_size(file) > 0) inspect(file);
        Connection connection(file, Connection::Mode::write);
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        migrate(connection, layout);
    } catch (Failure const& failure) {
        refuse(file, failure);
    } catch (fs::filesystem_error const& failure) {
        refuse(file, failure.code().message());
    }
}

}  // namespace grover::store::sqlite
