#include "store/mongo/layout.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"

namespace grover::store::mongo {

namespace {

constexpr bool is_hidden(std::string_view name) {
    return name == version_field || name == search_field || name == expires_field;
}

std::string index_name(Index const& index) {
    std::string out = "by";
    for (auto const& field : index.fields) out.append("_").append(field);
    if (index.unique) out += "$unique";
    if (index.sparse) out += "$sparse";
    return out;
}

void append_words(bson_t* out, std::vector<std::string> const& texts) {
    std::set<std::string> words;
    std::string text;
    for (auto const& one : texts) {
        text += '|';
        for (auto& word : search_words(one)) {
            if (!is_valid_utf8(word)) continue;
            text.append(" ").append(word).append(" ");
            words.insert(std::move(word));
        }
    }
    append_document(out, search_field, [&](bson_t* search) {
        append_array(search, "words", [&](bson_t* array) {
            ArrayKey keys;
            for (auto const& word : words) append(array, keys.next(), word);
        });
        append(search, "text", text);
    });
}

void append_key(bson_t* index, DeclaredIndex const& declared) {
    append_document(index, "key", [&](bson_t* key) {
        for (auto const& field : declared.fields)
            // Unique is what is declared, and that alone.
            if (!declared.unique || field != "_id") append(key, field, 1);
    });
    append(index, "name", declared.name);
    if (declared.unique) append(index, "unique", true);
    if (!declared.sparse) return;
    append_document(index, "partialFilterExpression", [&](bson_t* filter) {
        for (auto const& field : declared.fields)
            if (field != "_id")
                append_document(filter, field, [](bson_t* is) { append(is, "$exists", true); });
    });
}

}  // namespace

CollectionLayout::CollectionLayout(CollectionSpec const& spec) : Declared(spec) {
    indexes.push_back({"_id_", {"_id"}, true, false});
    for (auto const& index : spec.indexes) {
        DeclaredIndex declared{index_name(index), index.fields, index.unique, index.sparse};
        declared.fields.emplace_back("_id");
        indexes.push_back(std::move(declared));
    }
}

bool CollectionLayout::is_sparse(std::string_view field) const noexcept {
    return std::ranges::any_of(indexes, [&](DeclaredIndex const& index) {
        return index.sparse && std::ranges::find(index.fields, field) != index.fields.end();
    });
}

std::string_view CollectionLayout::shard_in(std::string_view id) const noexcept {
    if (!shard_key || shard_key->id_has_it_before == 0) return {};
    auto const end = id.find(shard_key->id_has_it_before);
    return end == id.npos ? std::string_view() : id.substr(0, end);
}

void append_create_indexes(bson_t* command, CollectionLayout const& collection) {
    append(command, "createIndexes", collection.name);
    append_array(command, "indexes", [&](bson_t* array) {
        ArrayKey keys;
        for (auto const& index : std::span(collection.indexes).subspan(1))
            append_document(array, keys.next(), [&](bson_t* out) { append_key(out, index); });
        if (collection.has_words())
            append_document(array, keys.next(), [&](bson_t* out) {
                append_document(out, "key", [](bson_t* key) { append(key, words_field, 1); });
                append(out, "name", words_index);
            });
        if (collection.expires())
            append_document(array, keys.next(), [&](bson_t* out) {
                append_document(out, "key", [](bson_t* key) { append(key, expires_field, 1); });
                append(out, "name", "expires");
                append(out, "expireAfterSeconds", 0);
            });
    });
}

void check_member(std::string_view name) {
    if (is_hidden(name.substr(0, name.find('.'))))
        throw std::logic_error(fmt::format("\"{}\" is a member of the store itself", name));
}

std::optional<Timestamp> expiry_of(json::value const* value) {
    if (!value || !value->is_string()) return {};
    return Timestamp::parse(value->get_string());
}

void encode(bson_t* out, CollectionLayout const& collection, std::string_view id,
            json::object const& body, std::int64_t version) {
    check_depth(body);
    auto const entry = entry_of(collection, body);
    append(out, "_id", id);
    for (auto const& member : body) {
        check_member(member.key());
        if (member.value().is_null() && collection.is_sparse(member.key())) continue;
        append(out, member.key(), member.value());
    }
    append(out, version_field, version);
    if (collection.has_words()) append_words(out, entry.texts);
    if (auto const* ms = std::get_if<std::int64_t>(&entry.expires))
        append_time(out, expires_field, Timestamp{*ms});
    if (out->len > limits::document_bytes_max)
        throw Error(ErrorCode::too_large, "the document is too large");
}

Document decode(bson_t const* stored, json::storage_ptr const& storage) {
    Document out{json::object(bson_count_keys(stored), storage), 0};
    bson_iter_t at;
    if (!bson_iter_init(&at, stored)) throw std::runtime_error("a damaged BSON document");
    while (bson_iter_next(&at)) {
        std::string_view const key(bson_iter_key(&at), bson_iter_key_len(&at));
        if (key == version_field)
            out.version = bson_iter_as_int64(&at);
        else if (!is_hidden(key))
            out.body.emplace(key, to_json(at, storage));
    }
    return out;
}

}  // namespace grover::store::mongo
