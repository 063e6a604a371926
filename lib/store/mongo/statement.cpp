#include "store/mongo/statement.hpp"

#include <algorithm>
#include <ranges>

namespace grover::store::mongo {

namespace {

std::string_view top_of(std::string_view name) {
    return name.substr(0, name.find('.'));
}

bool is_plain(std::string_view name) {
    for (auto const part : std::views::split(name, '.'))
        if (part.begin() == part.end() || *part.begin() == '$') return false;
    return !name.contains('\0');
}

/// Whether a filter that matches nothing leaves open if that is well: it is when there is no such
/// document, and not when one is otherwise than it should be.
template <class W>
bool leaves_open(W const& write) {
    return write.ignore_missing && (write.if_version || !write.only_if.empty());
}

/// Whether conditions mean the same in a filter: flat names, values that can be compared.
bool can_match_in_place(Filter const& only_if) {
    return std::ranges::all_of(only_if, [](Condition const& condition) {
        return is_plain(condition.field) && !condition.field.contains('.') &&
               scalar_of(condition.value);
    });
}

void append_version(bson_t* filter, std::int64_t version) {
    // What an operator put there by hand has none.
    if (version == 0)
        append_null(filter, version_field);
    else
        append(filter, version_field, version);
}

void append_not_array(bson_t* out, std::string_view field) {
    append_document(out, field, [](bson_t* is) {
        append_document(is, "$not", [](bson_t* type) { append(type, "$type", "array"); });
    });
}

/// The objects that dotted names lead through.
std::vector<std::string_view> objects_of(Patch const& patch) {
    std::vector<std::string_view> out;
    auto const add = [&](std::string_view name) {
        for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1))
            out.push_back(name.substr(0, dot));
    };
    for (auto const& member : patch.set) add(member.key());
    for (auto const& [name, by] : patch.inc) add(name);
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

template <class W>
void append_target(bson_t* filter, CollectionLayout const& c, W const& write,
                   std::vector<std::string_view> const& objects) {
    append(filter, "_id", write.id);
    if (write.if_version) append_version(filter, *write.if_version);
    if (write.only_if.empty() && objects.empty()) return;
    append_array(filter, "$and", [&](bson_t* all) {
        ArrayKey keys;
        for (auto const& condition : write.only_if) {
            append_document(all, keys.next(), [&](bson_t* one) {
                append(one, condition.field, *scalar_of(condition.value));
            });
            if (condition.field != "_id" && !c.has_column(condition.field))
                append_document(all, keys.next(),
                                [&](bson_t* one) { append_not_array(one, condition.field); });
        }
        for (auto const name : objects)
            append_document(all, keys.next(), [&](bson_t* one) { append_not_array(one, name); });
    });
}

}  // namespace

bool can_be_one_command(CollectionLayout const& c, Patch const& patch) {
    auto const fits = [&](std::string_view name, json::value const* value) {
        auto const top = top_of(name);
        if (!is_plain(name) || std::ranges::find(c.searchable, top) != c.searchable.end())
            return false;
        if (!c.has_column(top) && top != c.expires_field) return true;
        return top == name && (!value || scalar_of(*value).has_value());
    };
    return can_match_in_place(patch.only_if) && !leaves_open(patch) &&
           std::ranges::all_of(patch.set,
                               [&](auto const& m) { return fits(m.key(), &m.value()); }) &&
           std::ranges::all_of(patch.inc, [&](auto const& one) {
               return fits(one.first, nullptr) && one.first != c.expires_field;
           });
}

bool can_be_one_command(Remove const& remove) {
    return can_match_in_place(remove.only_if) && !leaves_open(remove);
}

void append_target(bson_t* filter, std::string_view id, std::int64_t version) {
    append(filter, "_id", id);
    append_version(filter, version);
}

void append_target(bson_t* filter, CollectionLayout const& c, Patch const& patch) {
    append_target(filter, c, patch, objects_of(patch));
}

void append_target(bson_t* filter, CollectionLayout const& c, Remove const& remove) {
    append_target(filter, c, remove, {});
}

void append_shard(bson_t* filter, CollectionLayout const& c, Write const& write,
                  std::string_view id) {
    if (!c.shard_key || c.shard_key->field == "_id") return;
    auto shard = c.shard_in(id);
    std::visit(
        [&]<class W>(W const& w) {
            if constexpr (requires { w.shard; }) {
                if (shard.empty()) shard = w.shard;
            } else if constexpr (requires { w.body; }) {
                auto const* value = w.body.if_contains(c.shard_key->field);
                if (shard.empty() && value && value->is_string()) shard = value->get_string();
            }
        },
        write);
    if (!shard.empty()) append(filter, c.shard_key->field, shard);
}

void append_change(bson_t* out, CollectionLayout const& c, Patch const& patch) {
    auto const expires = c.expires() ? patch.set.if_contains(c.expires_field) : nullptr;
    auto const time = expiry_of(expires);
    bool const sets = time || std::ranges::any_of(patch.set, [](auto const& member) {
                          return !member.value().is_null();
                      });
    bool const unsets = (expires && !time) || std::ranges::any_of(patch.set, [](auto const& m) {
                            return m.value().is_null();
                        });
    if (sets)
        append_document(out, "$set", [&](bson_t* set) {
            for (auto const& member : patch.set)
                if (!member.value().is_null()) append(set, member.key(), member.value());
            if (time) append_time(set, expires_field, *time);
        });
    if (unsets)
        append_document(out, "$unset", [&](bson_t* unset) {
            for (auto const& member : patch.set)
                if (member.value().is_null()) append(unset, member.key(), "");
            if (expires && !time) append(unset, expires_field, "");
        });
    append_document(out, "$inc", [&](bson_t* inc) {
        for (auto const& [name, by] : patch.inc) append(inc, name, by);
        append(inc, version_field, 1);
    });
}

}  // namespace grover::store::mongo
