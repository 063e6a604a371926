// A declared collection as engines look at it: its fields, its indexes with "_id" at their end, and
// what of a document is kept beside its body.
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "store/scalar.hpp"
#include "store/schema.hpp"

namespace grover::store {

struct DeclaredIndex {
    std::string name;                 // the engine's
    std::vector<std::string> fields;  // the last one is "_id"
    bool unique = false;
    bool sparse = false;
};

struct Declared {
    explicit Declared(CollectionSpec const& spec);

    std::string name;
    std::vector<std::string> columns;    // declared fields, each once, sorted
    std::vector<DeclaredIndex> indexes;  // the engine adds them, the one of "_id" alone first
    std::vector<std::string> searchable;
    std::string expires_field;
    std::optional<ShardKey> shard_key;

    bool has_words() const noexcept { return !searchable.empty(); }
    bool expires() const noexcept { return !expires_field.empty(); }
    bool has_column(std::string_view field) const noexcept;
};

/// The collections of a schema, as an engine lays them out: `Layout` is a Declared made of each.
template <class Layout>
class Collections {
public:
    /// Throws std::logic_error for a schema that makes no sense.
    explicit Collections(Schema const& schema) {
        check(schema);
        collections_.reserve(schema.collections.size());
        for (auto const& spec : schema.collections) collections_.emplace_back(spec);
    }

    std::vector<Layout> const& collections() const noexcept { return collections_; }
    /// Throws std::logic_error for an undeclared one.
    Layout const& collection(std::string_view name) const {
        auto const found = std::ranges::find(collections_, name, &Layout::name);
        if (found == collections_.end())
            throw std::logic_error("collection \"" + std::string(name) + "\" is not declared");
        return *found;
    }

private:
    std::vector<Layout> collections_;
};

/// What of a document is kept beside its body. Views into the document it was made from.
struct Entry {
    std::vector<Scalar> columns;
    Scalar expires;                  // milliseconds, or null
    std::vector<std::string> texts;  // of the searchable fields

    bool operator==(Entry const&) const = default;
};

/// When the document may be removed; nothing where it says no time. `field` is the collection's
/// expires_field, perhaps empty.
std::optional<Timestamp> expiry_of(std::string_view field, json::object const& body);

/// Throws std::logic_error when a declared field holds an array or an object.
Entry entry_of(Declared const& collection, json::object const& body);

/// Takes the "_id" out of `body`. Throws std::logic_error when there is none.
std::string take_id(json::object& body);

/// Throws Error (invalid) for a document that is nested too deeply.
void check_depth(json::object const& body);

}  // namespace grover::store
