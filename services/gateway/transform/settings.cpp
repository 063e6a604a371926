#include "gateway/transform/settings.hpp"

#include <algorithm>
#include <array>

#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::gateway {
namespace {

/// Fields that frame a message or that the gateway itself answers for.
bool is_reserved(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"Content-Length",
                                                     "Transfer-Encoding",
                                                     "Connection",
                                                     "Host",
                                                     "Trailer",
                                                     "Upgrade",
                                                     "Expect",
                                                     "X-Request-ID",
                                                     "traceparent",
                                                     "X-Forwarded-For",
                                                     "X-Grover-Identity",
                                                     "X-Request-Deadline-Ms"};
    return std::ranges::any_of(names, [&](auto known) { return http::same_token(known, name); });
}

void check_field(std::string_view member, std::string const& name, std::string_view value,
                 config::Where const& where) {
    if (!http::is_token(name))
        where.add(member, "'" + name + "' is no field name");
    else if (is_reserved(name))
        where.add(member, "'" + name + "' is the gateway's own");
    else if (!http::is_value(value))
        where.add(member, "'" + name + "' has a control character in its value");
}

bool is_pointer(std::string_view text) {
    if (!text.starts_with('/')) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
            return false;
    return true;
}

}  // namespace

void validate(FieldChanges const& changes, config::Where const& where) {
    for (auto const& [name, value] : changes.add) check_field("add", name, value, where);
    for (auto const& [name, value] : changes.set) check_field("set", name, value, where);
    for (auto const& name : changes.remove) check_field("remove", name, {}, where);
}

void validate(QueryChanges const& changes, config::Where const& where) {
    for (auto const& [name, value] : changes.set)
        if (name.empty()) where.add("set", "a query parameter has a name");
}

void validate(JsonChanges const& changes, config::Where const& where) {
    auto const check = [&](std::string_view member, std::string_view pointer) {
        if (!is_pointer(pointer))
            where.add(member, "'" + std::string(pointer) + "' is no JSON pointer: /user/name");
    };
    for (auto const& [from, to] : changes.rename) {
        check("rename", from);
        check("rename", to);
    }
    for (auto const& pointer : changes.remove) check("remove", pointer);
    for (auto const& [pointer, value] : changes.set) check("set", pointer);
}

void validate(StaticAnswer const& answer, config::Where const& where) {
    if (answer.status < 200 || answer.status > 599)
        where.add("status", "must be between 200 and 599");
    if (!http::is_value(answer.type)) where.add("type", "must be a media type");
    for (auto const& [name, value] : answer.fields) check_field("fields", name, value, where);
}

}  // namespace grover::gateway
