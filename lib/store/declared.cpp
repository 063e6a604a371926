#include "store/declared.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"

namespace grover::store {

namespace {

std::vector<std::string> columns_of(CollectionSpec const& spec) {
    std::vector<std::string> out;
    for (auto const& index : spec.indexes)
        for (auto const& field : index.fields)
            if (std::ranges::find(out, field) == out.end()) out.push_back(field);
    std::ranges::sort(out);  // The order of declaration must not matter.
    return out;
}

std::string text_of(json::value const* value) {
    if (!value) return {};
    if (auto const* text = value->if_string()) return std::string(std::string_view(*text));
    std::string out;
    if (auto const* items = value->if_array())
        for (auto const& item : *items) out.append(text_of(&item)).append(" ");
    return out;
}

std::size_t depth_of(json::value const& value);

std::size_t depth_of(json::object const& object) {
    std::size_t deepest = 0;
    for (auto const& member : object) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
}

std::size_t depth_of(json::value const& value) {
    if (auto const* object = value.if_object()) return depth_of(*object);
    std::size_t deepest = 0;
    if (auto const* array = value.if_array()) {
        for (auto const& item : *array) deepest = std::max(deepest, depth_of(item));
        return deepest + 1;
    }
    return 0;
}

}  // namespace

Declared::Declared(CollectionSpec const& spec)
    : name(spec.name),
      columns(columns_of(spec)),
      searchable(spec.searchable),
      expires_field(spec.expires_field),
      shard_key(spec.shard_key) {}

bool Declared::has_column(std::string_view field) const noexcept {
    return std::ranges::find(columns, field) != columns.end();
}

std::optional<Timestamp> expiry_of(std::string_view field, json::object const& body) {
    auto const* text = field.empty() ? nullptr : body.if_contains(field);
    return text && text->is_string() ? Timestamp::parse(text->get_string()) : std::nullopt;
}

Entry entry_of(Declared const& collection, json::object const& body) {
    Entry out;
    out.columns.reserve(collection.columns.size());
    for (auto const& field : collection.columns) {
        auto const value = scalar_of(body.if_contains(field));
        if (!value)
            throw std::logic_error(fmt::format("{}.{} is indexed and holds an array or an object",
                                               collection.name, field));
        out.columns.push_back(*value);
    }
    if (auto const time = expiry_of(collection.expires_field, body)) out.expires = time->ms;
    out.texts.reserve(collection.searchable.size());
    for (auto const& field : collection.searchable)
        out.texts.push_back(text_of(body.if_contains(field)));
    return out;
}

std::string take_id(json::object& body) {
    auto const found = body.find("_id");
    if (found == body.end() || !found->value().is_string() || found->value().get_string().empty())
        throw std::logic_error("a document needs an \"_id\" that is a string");
    std::string id(std::string_view(found->value().get_string()));
    body.erase(found);
    return id;
}

void check_depth(json::object const& body) {
    if (depth_of(body) > limits::document_depth_max)
        throw Error(ErrorCode::invalid, "the document is nested too deeply");
}

}  // namespace grover::store
