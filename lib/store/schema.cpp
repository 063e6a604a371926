#include "store/schema.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace grover::store {

namespace {

constexpr std::size_t index_fields_max = 8;

void check_name(std::string const& where, std::string_view name) {
    constexpr auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    constexpr auto is_rest = [is_lower](char c) {
        return is_lower(c) || (c >= '0' && c <= '9') || c == '_';
    };
    if (name.empty() || name.size() > 63 || !is_lower(name[0]) ||
        !std::ranges::all_of(name, is_rest))
        throw std::logic_error(where + ": \"" + std::string(name) +
                               "\" is not a name of [a-z][a-z0-9_]{0,62}");
}

void check_fields(std::string const& where, std::vector<std::string> const& fields) {
    std::set<std::string_view> seen;
    for (auto const& field : fields) {
        check_name(where, field);
        if (!seen.insert(field).second)
            throw std::logic_error(where + ": field \"" + field + "\" is there twice");
    }
}

void check_shard_key(std::string const& where, CollectionSpec const& collection) {
    auto const& field = collection.shard_key->field;
    if (shard_fields(collection).empty())
        throw std::logic_error(where + ": no index begins with the shard key \"" + field + "\"");
    for (auto const& index : collection.indexes)
        if (index.unique && index.fields.front() != field)
            throw std::logic_error(where + ": a unique index does not begin with the shard key");
}

void check_collection(CollectionSpec const& collection) {
    std::string const where = "collection \"" + collection.name + "\"";
    check_name("schema", collection.name);
    std::set<std::vector<std::string>> seen;
    for (auto const& index : collection.indexes) {
        if (index.fields.empty() || index.fields.size() > index_fields_max)
            throw std::logic_error(where + ": an index has 1 to 8 fields");
        check_fields(where, index.fields);
        if (!seen.insert(index.fields).second)
            throw std::logic_error(where + ": two indexes have the same fields");
    }
    if (collection.shard_key) check_shard_key(where, collection);
    check_fields(where, collection.searchable);
    if (!collection.expires_field.empty()) check_name(where, collection.expires_field);
}

}  // namespace

std::vector<std::string> shard_fields(CollectionSpec const& collection) {
    if (!collection.shard_key) return {};
    if (collection.shard_key->field == "_id") return {"_id"};
    std::vector<std::string> out;
    for (auto const& index : collection.indexes)
        if (!index.sparse && index.fields.front() == collection.shard_key->field &&
            (out.empty() || index.fields.size() < out.size()))
            out = index.fields;
    if (!out.empty()) out.emplace_back("_id");
    return out;
}

void check(Schema const& schema) {
    std::set<std::string_view> seen;
    for (auto const& collection : schema.collections) {
        check_collection(collection);
        if (!seen.insert(collection.name).second)
            throw std::logic_error("collection \"" + collection.name + "\" is declared twice");
    }
}

}  // namespace grover::store
