// How a schema lies in the file. For a collection "posts" with an index on user_id:
//
//     "posts"         _ref INTEGER PRIMARY KEY, _id, version, body     the documents, by age
//     "posts$keys"    _id PRIMARY KEY, _ref, user_id, ...              one column per declared
//     field "posts$by$user_id"  on "posts$keys"(user_id, _id, _ref)          an index; a unique one
//     has
//                                                                      the declared fields alone
//     "posts$words"   FTS5 over the searchable fields, rowid = _ref    where there are any
//     "$meta"         which columns and words the tables above were filled for
//
// Keys apart from documents cost no more than a table with a unique id and buy two things: a query
// reads keys only until it knows which documents it returns, also when it walks all of them in
// order of "_id" (40 keys fit a page, 6 documents do); and a patch that changes no declared field,
// such as a counter, writes one page. In columns null and missing are NULL, bools are blobs of one
// byte, so that columns sort as Scalar does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/scalar.hpp"

namespace grover::store::sqlite {

/// PRAGMA application_id of our files ("Grov") and user_version, the version of this layout.
inline constexpr std::int64_t application_id = 0x47726f76;
inline constexpr std::int64_t format_version = 1;

/// What words are made of, beside FTS5's default of letters and numbers: marks, without which words
/// of Indic and other scripts fall apart.
inline constexpr char word_categories[] = "L* N* Co Mn Mc";

struct IndexLayout {
    std::string name;                 // SQL identifier, not quoted
    std::vector<std::string> fields;  // the last one is "_id"
    bool unique = false;
    bool sparse = false;
};

struct CollectionLayout {
    explicit CollectionLayout(CollectionSpec const& spec);

    std::string name;
    std::vector<std::string> columns;  // declared fields, each once
    std::vector<IndexLayout> indexes;  // the first one is over all documents: "_id" alone
    std::vector<std::string> searchable;
    std::string expires_field;

    std::string docs, keys, words;  // quoted table names

    /// Compiled by each connection at its first use.
    struct Sql {
        std::string get;           // ?id -> version, body
        std::string locate;        // ?id -> _ref, version, body
        std::string load;          // ?ref -> _id, version, body
        std::string insert_doc;    // ?id, ?version, ?body
        std::string update_doc;    // ?version, ?body, ?ref
        std::string delete_doc;    // ?ref
        std::string insert_key;    // ?id, ?ref, [?expires,] columns...
        std::string update_key;    // [?expires,] columns..., ?id
        std::string delete_key;    // ?id
        std::string insert_words;  // ?ref, texts...
        std::string delete_words;  // ?ref, texts...
        std::string expired;       // ?now_ms, ?limit -> _id
    } sql;

    bool has_words() const noexcept { return !searchable.empty(); }
    bool expires() const noexcept { return !expires_field.empty(); }
    bool has_column(std::string_view field) const noexcept;

    struct Object {
        std::string name;    // not quoted
        std::string create;  // SQL
    };
    Object docs_table() const;
    Object keys_table() const;
    Object words_table() const;
    std::vector<Object> index_objects() const;
};

class Layout {
public:
    /// Throws std::logic_error for a schema that makes no sense.
    explicit Layout(Schema const& schema);

    std::vector<CollectionLayout> const& collections() const noexcept { return collections_; }
    /// Throws std::logic_error for an undeclared one.
    CollectionLayout const& collection(std::string_view name) const;

private:
    std::vector<CollectionLayout> collections_;
};

/// What of a document is kept beside its body. Views into the document it was made from.
struct Entry {
    std::vector<Scalar> columns;
    Scalar expires;                  // milliseconds, or null
    std::vector<std::string> texts;  // of the searchable fields

    bool operator==(Entry const&) const = default;
};

/// Throws std::logic_error when a declared field holds an array or an object.
Entry entry_of(CollectionLayout const& collection, json::object const& body);

}  // namespace grover::store::sqlite
