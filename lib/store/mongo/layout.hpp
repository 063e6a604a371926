// How documents lie in MongoDB. A document of "posts" is stored as it is, with what the engine
// needs beside it:
//
//     { _id: "post_...", content: "...", likes_count: 3,      the document
//       _v: 4,                                                its version
//       _search: { words: [...], text: " ... " },             where the collection has words
//       _expires: ISODate(...) }                              where it has an expires_field
//
// so that `db.posts.find()` shows the fields of the contract. Words are those of search_words():
// `words` (each once) carries a multikey index, `text` (each between blanks, a bar between fields)
// is what phrases are looked for in and what ranks.
//
// Indexes are named by their fields ("by_user_id_visibility"). A sparse index is a partial one over
// the documents that have all its fields; a null in such a field is not stored.
#pragma once

#include <string_view>
#include <vector>

#include "store/declared.hpp"
#include "store/mongo/bson.hpp"

namespace grover::store::mongo {

inline constexpr char version_field[] = "_v";
inline constexpr char search_field[] = "_search";
inline constexpr char words_index[] = "words";
inline constexpr char words_field[] = "_search.words";
inline constexpr char text_field[] = "_search.text";
inline constexpr char expires_field[] = "_expires";

struct CollectionLayout : Declared {
    explicit CollectionLayout(CollectionSpec const& spec);

    bool is_sparse(std::string_view field) const noexcept;
    /// The value of the shard key, where the id tells it; else empty.
    std::string_view shard_in(std::string_view id) const noexcept;
};

using Layout = Collections<CollectionLayout>;

/// The command that makes the indexes of a collection that are not there yet.
void append_create_indexes(bson_t* command, CollectionLayout const& collection);

/// The stored form of a document whose "_id" was taken out. Throws std::logic_error for a member
/// that the layout keeps for itself or an array in a declared field, Error (too_large, invalid).
void encode(bson_t* out, CollectionLayout const& collection, std::string_view id,
            json::object const& body, std::int64_t version);

/// Throws std::logic_error for a name that encode() would not take.
void check_member(std::string_view name);

/// When the document may be removed, for `_expires`; nothing for no time.
std::optional<Timestamp> expiry_of(json::value const* value);

/// Made in `storage`. Throws std::runtime_error for a document that was not made by encode() and
/// cannot be read.
Document decode(bson_t const* stored, json::storage_ptr const& storage = {});

}  // namespace grover::store::mongo
