#include "store/sqlite/layout.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "store/sqlite/database.hpp"

namespace grover::store::sqlite {

namespace {

/// Joins `names`, each as an identifier followed by `after`.
std::string list(std::vector<std::string> const& names, std::string_view after = "",
                 std::string_view separator = ", ") {
    std::string out;
    for (auto const& name : names) {
        if (!out.empty()) out += separator;
        out.append(identifier(name)).append(after);
    }
    return out;
}

std::string parameters(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += i == 0 ? "?" : ", ?";
    return out;
}

std::string index_name(CollectionSpec const& spec, Index const& index) {
    std::string out = spec.name + "$by";
    for (auto const& field : index.fields) out.append("$").append(field);
    if (index.unique) out += "$$unique";
    if (index.sparse) out += "$$sparse";
    return out;
}

CollectionLayout::Sql statements(CollectionLayout const& c) {
    auto columns = c.columns;
    if (c.expires()) columns.insert(columns.begin(), "_expires");
    std::string const comma = columns.empty() ? "" : ", ";
    CollectionLayout::Sql sql;
    sql.get = fmt::format(
        "SELECT d.version, d.body FROM {} k CROSS JOIN {} d ON d._ref = k._ref WHERE k._id = ?",
        c.keys, c.docs);
    sql.locate = fmt::format(
        "SELECT d._ref, d.version, d.body FROM {} k CROSS JOIN {} d ON d._ref = k._ref "
        "WHERE k._id = ?",
        c.keys, c.docs);
    sql.load = fmt::format("SELECT _id, version, body FROM {} WHERE _ref = ?", c.docs);
    sql.insert_doc = fmt::format("INSERT INTO {}(_id, version, body) VALUES(?, ?, ?)", c.docs);
    sql.update_doc = fmt::format("UPDATE {} SET version = ?, body = ? WHERE _ref = ?", c.docs);
    sql.delete_doc = fmt::format("DELETE FROM {} WHERE _ref = ?", c.docs);
    sql.insert_key = fmt::format("INSERT INTO {}(_id, _ref{}{}) VALUES({})", c.keys, comma,
                                 list(columns), parameters(columns.size() + 2));
    sql.update_key = fmt::format("UPDATE {} SET {} WHERE _id = ?", c.keys, list(columns, " = ?"));
    sql.delete_key = fmt::format("DELETE FROM {} WHERE _id = ?", c.keys);
    sql.insert_words = fmt::format("INSERT INTO {}(rowid, {}) VALUES({})", c.words,
                                   list(c.searchable), parameters(c.searchable.size() + 1));
    // FTS5 without content is told the old text to forget (sqlite.org/fts5.html section 6.1).
    sql.delete_words =
        fmt::format("INSERT INTO {0}({0}, rowid, {1}) VALUES('delete', {2})", c.words,
                    list(c.searchable), parameters(c.searchable.size() + 1));
    sql.expired = fmt::format(
        "SELECT _id FROM {} INDEXED BY {} WHERE _expires <= ? ORDER BY _expires LIMIT ?", c.keys,
        identifier(c.name + "$expires"));
    return sql;
}

}  // namespace

CollectionLayout::CollectionLayout(CollectionSpec const& spec)
    : Declared(spec),
      docs(identifier(name)),
      keys(identifier(name + "$keys")),
      words(identifier(name + "$words")) {
    indexes.push_back({"sqlite_autoindex_" + name + "$keys_1", {"_id"}, true, false});
    for (auto const& index : spec.indexes) {
        DeclaredIndex layout{index_name(spec, index), index.fields, index.unique, index.sparse};
        layout.fields.emplace_back("_id");
        indexes.push_back(std::move(layout));
    }
    sql = statements(*this);
}

CollectionLayout::Object CollectionLayout::docs_table() const {
    return {name, fmt::format("CREATE TABLE {}(_ref INTEGER PRIMARY KEY, _id TEXT NOT NULL, "
                              "version INTEGER NOT NULL, body TEXT NOT NULL)",
                              docs)};
}

CollectionLayout::Object CollectionLayout::keys_table() const {
    // Columns without a type keep what is bound.
    return {name + "$keys",
            fmt::format("CREATE TABLE {}(_id TEXT PRIMARY KEY NOT NULL, _ref INTEGER NOT NULL"
                        "{}{}{}) WITHOUT ROWID",
                        keys, expires() ? ", _expires INTEGER" : "", columns.empty() ? "" : ", ",
                        list(columns))};
}

CollectionLayout::Object CollectionLayout::words_table() const {
    return {name + "$words", fmt::format("CREATE VIRTUAL TABLE {} USING fts5({}, content='', "
                                         "tokenize='unicode61 remove_diacritics 2')",
                                         words, list(searchable))};
}

std::vector<CollectionLayout::Object> CollectionLayout::index_objects() const {
    std::vector<Object> out;
    for (auto const& index : std::span(indexes).subspan(1)) {
        auto declared = index.fields;
        declared.pop_back();
        out.push_back(
            {index.name,
             fmt::format("CREATE {}INDEX {} ON {}({}{}){}", index.unique ? "UNIQUE " : "",
                         identifier(index.name), keys, list(declared),
                         index.unique ? "" : ", _id, _ref",
                         index.sparse ? " WHERE " + list(declared, " IS NOT NULL", " AND ") : "")});
        if (!index.unique || index.sparse) continue;
        // To SQL two NULLs differ; to a unique key two missing values are the same. The blob stands
        // for NULL and equals no value: bools are blobs of one byte.
        std::string with_null;
        for (auto const& field : declared)
            with_null += fmt::format("{}ifnull({}, x'0000')", with_null.empty() ? "" : ", ",
                                     identifier(field));
        out.push_back(
            {index.name + "$null", fmt::format("CREATE UNIQUE INDEX {} ON {}({}) WHERE {}",
                                               identifier(index.name + "$null"), keys, with_null,
                                               list(declared, " IS NULL", " OR "))});
    }
    if (expires())
        out.push_back({name + "$expires",
                       fmt::format("CREATE INDEX {} ON {}(_expires) WHERE _expires IS NOT NULL",
                                   identifier(name + "$expires"), keys)});
    return out;
}

}  // namespace grover::store::sqlite
