#include "gateway/transform/json_changes.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// "01" names no element (RFC 6901 section 4).
std::optional<std::size_t> index_in(json::array const& list, std::string_view name) {
    if (name.size() > 1 && name.starts_with('0')) return {};
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

/// Where a value can be put: a member, there or not, an element, or "-", the end of a list.
bool takes(Place const& place) {
    if (!place.parent) return false;
    if (place.parent->is_object()) return true;
    auto const* list = place.parent->if_array();
    return list && (place.name == "-" || index_in(*list, place.name));
}

/// Nothing where the way to the place is missing.
void put(json::value& document, std::string_view pointer, json::value value) {
    auto const place = place_of(document, pointer);
    if (!takes(place)) return;
    if (auto* object = place.parent->if_object()) {
        (*object)[place.name] = std::move(value);
        return;
    }
    auto& list = place.parent->get_array();
    if (place.name == "-")
        list.push_back(std::move(value));
    else
        list[*index_in(list, place.name)] = std::move(value);
}

/// At the place itself or below it.
bool is_within(std::string_view pointer, std::string_view outer) {
    return pointer.starts_with(outer) &&
           (pointer.size() == outer.size() || pointer[outer.size()] == '/');
}

struct Move {
    std::string_view from, to;
    json::value value;
};

/// The renames that apply: both places are there in the document as it came, and the value's new
/// parent neither goes away itself nor is written over. Then none can lose another's value, in
/// whatever order they are done.
std::vector<Move> moves_of(std::map<std::string, std::string> const& renames,
                           json::value& document) {
    boost::system::error_code error;
    std::vector<Move> there, out;
    for (auto const& [from, to] : renames)
        if (document.find_pointer(from, error)) there.push_back({from, to, {}});
    for (auto const& move : there) {
        auto const parent = move.to.substr(0, move.to.rfind('/'));
        bool const stays = std::ranges::none_of(there, [&](Move const& other) {
            return is_within(parent, other.from) || is_within(parent, other.to);
        });
        if (stays && takes(place_of(document, move.to))) out.push_back(move);
    }
    return out;
}

/// What goes leaves a hole until all are put, so that the elements of a list keep their places.
void rename(std::map<std::string, std::string> const& renames, json::value& document) {
    auto moves = moves_of(renames, document);
    // The longest first: what is within another before that, and of a list the last before the
    // first.
    std::ranges::sort(moves, std::greater(),
                      [](Move const& move) { return std::pair(move.from.size(), move.from); });
    boost::system::error_code error;
    std::vector<std::string_view> holes;
    for (auto& move : moves) {
        std::erase_if(holes, [&](std::string_view hole) {
            return is_within(hole, move.from) && take(document, hole);
        });
        move.value = std::exchange(*document.find_pointer(move.from, error), nullptr);
        holes.push_back(move.from);
    }
    std::ranges::sort(moves, {}, &Move::from);  // of two for one place the last one stays
    for (auto& move : moves) {
        put(document, move.to, std::move(move.value));
        std::erase_if(holes, [&](std::string_view hole) { return is_within(hole, move.to); });
    }
    for (auto const hole : holes) take(document, hole);
}

}  // namespace

void apply(JsonChanges const& changes, json::value& document) {
    if (!changes.rename.empty()) rename(changes.rename, document);
    for (auto const& pointer : changes.remove) take(document, pointer);
    for (auto const& [pointer, value] : changes.set) put(document, pointer, value);
}

}  // namespace grover::gateway
