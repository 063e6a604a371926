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

#include "store/declared.hpp"

namespace grover::store::sqlite {

/// PRAGMA application_id of our files ("Grov") and user_version, the version of this layout.
inline constexpr std::int64_t application_id = 0x47726f76;
inline constexpr std::int64_t format_version = 1;

/// What words are made of, beside FTS5's default of letters and numbers: marks, without which words
/// of Indic and other scripts fall apart.
inline constexpr char word_categories[] = "L* N* Co Mn Mc";

struct CollectionLayout : Declared {
    explicit CollectionLayout(CollectionSpec const& spec);

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

    struct Object {
        std::string name;    // not quoted
        std::string create;  // SQL
    };
    Object docs_table() const;
    Object keys_table() const;
    Object words_table() const;
    std::vector<Object> index_objects() const;
};

using Layout = Collections<CollectionLayout>;

}  // namespace grover::store::sqlite
