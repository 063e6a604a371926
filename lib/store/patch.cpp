#include "store/patch.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

namespace grover::store {

namespace {

[[noreturn]] void wrong(std::string_view field, std::string_view what) {
    throw std::logic_error(fmt::format("patch of \"{}\": {}", field, what));
}

/// The object that holds the last part of a dotted name, and that part. Without `make`, null when
/// an object on the way is missing.
std::pair<json::object*, std::string_view> holder_of(json::object& body, std::string_view field,
                                                     bool make) {
    auto* at = &body;
    auto rest = field;
    for (auto dot = rest.find('.'); dot != rest.npos; dot = rest.find('.')) {
        auto const name = rest.substr(0, dot);
        rest.remove_prefix(dot + 1);
        auto* member = at->if_contains(name);
        if (!member || member->is_null()) {
            if (!make) return {nullptr, rest};
            member = &((*at)[name] = json::object(at->storage()));
        }
        if (!member->is_object()) wrong(field, "leads through a value that is no object");
        at = &member->get_object();
    }
    return {at, rest};
}

void increase(json::object& body, std::string_view field, std::int64_t by) {
    auto const [holder, name] = holder_of(body, field, true);
    auto& value = (*holder)[name];
    if (value.is_null())
        value = by;
    else if (value.is_double())
        value = value.get_double() + static_cast<double>(by);
    else if (!value.is_int64() || __builtin_add_overflow(value.get_int64(), by, &value.get_int64()))
        wrong(field, "is no number that can be increased so");
}

}  // namespace

void check_condition(Filter const& only_if) {
    for (auto const& condition : only_if)
        if (condition.op != Condition::Op::equal)
            wrong(condition.field, "only_if takes equalities");
}

void check_patch(Patch const& patch) {
    std::set<std::string_view> seen;
    auto const look_at = [&](std::string_view field) {
        if (field == "_id" || field.starts_with("_id.")) wrong(field, "an id does not change");
        if (field.empty() || field.starts_with('.') || field.ends_with('.') || field.contains(".."))
            wrong(field, "is no name");
        if (!seen.insert(field).second) wrong(field, "is there twice");
    };
    for (auto const& member : patch.set) look_at(member.key());
    for (auto const& [field, by] : patch.inc) look_at(field);
    for (auto const field : seen)
        for (auto dot = field.find('.'); dot != field.npos; dot = field.find('.', dot + 1))
            if (seen.contains(field.substr(0, dot))) wrong(field, "lies in another patched member");
}

void apply_patch(Patch const& patch, json::object& body) {
    for (auto const& member : patch.set) {
        bool const remove = member.value().is_null();
        auto const [holder, name] = holder_of(body, member.key(), !remove);
        if (!holder) continue;
        if (remove)
            holder->erase(name);
        else
            (*holder)[name] = member.value();
    }
    for (auto const& [field, by] : patch.inc) increase(body, field, by);
}

}  // namespace grover::store
