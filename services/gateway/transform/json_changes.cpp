#include "gateway/transform/json_changes.hpp"

#include <charconv>
#include <optional>
#include <string>

namespace grover::gateway {
namespace {

namespace json = boost::json;

/// The last part of a pointer, unescaped, and where the rest of it leads.
struct Place {
    json::value* parent = nullptr;
    std::string name;
};

Place place_of(json::value& document, std::string_view pointer) {
    auto const slash = pointer.rfind('/');
    Place out;
    boost::system::error_code error;
    out.parent = slash == 0 ? &document : document.find_pointer(pointer.substr(0, slash), error);
    for (auto rest = pointer.substr(slash + 1); !rest.empty(); rest.remove_prefix(1)) {
        if (rest.starts_with('~') && rest.size() > 1) {
            out.name += rest[1] == '1' ? '/' : '~';
            rest.remove_prefix(1);
        } else {
            out.name += rest.front();
        }
    }
    return out;
}

std::optional<std::size_t> index_in(json::array const& list, std::string_view name) {
    std::size_t index = 0;
    auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size() || index >= list.size()) return {};
    return index;
}

/// Takes a value out; nothing when it is not there.
std::optional<json::value> take(json::value& document, std::string_view pointer) {
    auto const [parent, name] = place_of(document, pointer);
    if (!parent) return {};
    if (auto* object = parent->if_object()) {
        auto const found = object->find(name);
        if (found == object->end()) return {};
        auto out = std::move(found->value());
        object->erase(found);
        return out;
    }
    auto* list = parent->if_array();
    auto const index = list ? index_in(*list, name) : std::nullopt;
    if (!index) return {};
    auto out = std::move((*list)[*index]);
    list->erase(list->begin() + static_cast<std::ptrdiff_t>(*index));
    return out;
}

/// "-" is the end of a list. False where the way to the place is missing.
bool put(json::value& document, std::string_view pointer, json::value value) {
    auto const [parent, name] = place_of(document, pointer);
    if (!parent) return false;
    if (auto* object = parent->if_object()) {
        (*object)[name] = std::move(value);
        return true;
    }
    auto* list = parent->if_array();
    if (!list) return false;
    if (name == "-") {
        list->push_back(std::move(value));
        return true;
    }
    auto const index = index_in(*list, name);
    if (!index) return false;
    (*list)[*index] = std::move(value);
    return true;
}

}  // namespace

void apply(JsonChanges const& changes, json::value& document) {
    for (auto const& [from, to] : changes.rename) {
        auto value = take(document, from);
        if (!value) continue;
        auto const back = *value;
        if (!put(document, to, *std::move(value))) put(document, from, back);
    }
    for (auto const& pointer : changes.remove) take(document, pointer);
    for (auto const& [pointer, value] : changes.set) put(document, pointer, value);
}

}  // namespace grover::gateway
