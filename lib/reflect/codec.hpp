// One description of a type: how it is written as JSON, read with every problem named, and shown in
// a JSON Schema.
//
//     struct CreatePost {
//         Text<0, 10000> content;
//         std::optional<Visibility> visibility;
//     };
//     BOOST_DESCRIBE_STRUCT(CreatePost, (), (content, visibility))
//
//     std::string text = reflect::to_json(post);
//     auto in = reflect::from_json<CreatePost>(body);       // throws Error with one Issue per
//     problem
//
// Known types: bool, integers, double, std::string, Text, Id, Timestamp, optional, vector,
// map<string, T>, described enums (by name) and structs, json::value. A new scalar is one
// specialisation of Codec.
//
// Rules over more than one field: a free `void validate(T const&, Issues&)` beside the struct,
// called after reading, also when a member could not be read (it is as it was made, then, and what
// validate() says of it does not count). Cost: writing appends to one string; reading walks a
// parsed json::value. Long, because codecs of types that hold others must see each other.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/text.hpp"

namespace grover::reflect {

namespace json = boost::json;

/// Collects what is wrong with an input, each with its JSON pointer.
class Issues {
public:
    /// Cheap to copy: a chain of names on the stack, turned to text only when something is wrong.
    class Path {
    public:
        Path() = default;
        Path(Path const* parent, std::string_view name) : parent_(parent), name_(name) {}
        Path(Path const* parent, std::size_t index)
            : parent_(parent), index_(index), is_index_(true) {}
        std::string to_string() const;

    private:
        Path const* parent_ = nullptr;
        std::string_view name_;
        std::size_t index_ = 0;
        bool is_index_ = false;
    };

    void add(Path const& where, std::string message) {
        add_at(where.to_string(), std::move(message));
    }
    void add_at(std::string pointer, std::string message);
    /// For validate(): a member of the body by its name.
    void add(std::string_view member, std::string message) {
        add_at("/" + std::string(member), std::move(message));
    }

    /// Those of `rules` that are about members nothing is known to be wrong with.
    void add_rules(Issues const& rules);

    bool empty() const noexcept { return list_.empty(); }
    std::vector<Issue> const& list() const noexcept { return list_; }
    /// Throws Error (422) when there is any.
    void check() const;

private:
    std::vector<Issue> list_;
};
using Path = Issues::Path;

/// Requests must name every required member; stored documents may lack members that came later.
enum class Reading { request, stored };

/// Schemas of the named types that an OpenAPI document refers to.
class Schemas {
public:
    /// Adds the schema under `name` if it is new and returns {"$ref": ...}.
    template <class Make>
    json::object reference(std::string const& name, Make make) {
        if (!named_.contains(name)) {
            named_[name] = nullptr;  // Stops recursion.
            named_[name] = make();
        }
        return {{"$ref", "#/components/schemas/" + name}};
    }
    /// Those that `document` refers to, also by way of others, in the order in which they came.
    json::object used_by(json::value const& document) const;

private:
    json::object named_;
};

template <class T>
struct Codec;  // write(std::string&, T const&), read(json::value const&, T&, Path const&, Issues&,
               // Reading), schema(Schemas&)

template <class T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <class T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

void write_string(std::string& out, std::string_view text);

// ---- Entry points
// ----------------------------------------------------------------------------------------------

template <class T>
void write(std::string& out, T const& value) {
    Codec<T>::write(out, value);
}
template <class T>
std::string to_json(T const& value) {
    std::string out;
    Codec<T>::write(out, value);
    return out;
}
/// Parses JSON text with the limits of the API (depth 64, valid UTF-8, no duplicate handling).
/// Throws Error (malformed).
json::value parse(std::string_view text, json::storage_ptr storage = {});

template <class T>
json::value to_value(T const& value) {
    return json::parse(to_json(value));
}

/// Reads `from`, adding to `issues`; the value is meaningful only when nothing was added.
template <class T>
T read(json::value const& from, Issues& issues, Reading reading = Reading::request,
       Path const& path = {}) {
    T out{};
    Codec<T>::read(from, out, path, issues, reading);
    if constexpr (requires { validate(out, issues); })
        if (reading == Reading::request) {
            Issues rules;
            validate(out, rules);
            issues.add_rules(rules);
        }
    return out;
}

/// Throws Error (malformed, invalid).
template <class T>
T from_json(std::string_view text, Reading reading = Reading::request) {
    json::monotonic_resource memory;
    auto const value = parse(text, &memory);
    Issues issues;
    T out = read<T>(value, issues, reading);
    issues.check();
    return out;
}
template <class T>
T from_value(json::value const& value, Reading reading = Reading::stored) {
    Issues issues;
    T out = read<T>(value, issues, reading);
    issues.check();
    return out;
}

// ---- Scalars
// ---------------------------------------------------------------------------------------------------

template <>
struct Codec<bool> {
    static void write(std::string& out, bool value) { out += value ? "true" : "false"; }
    static void read(json::value const& from, bool& out, Path const& path, Issues& issues,
                     Reading) {
        if (from.is_bool())
            out = from.get_bool();
        else
            issues.add(path, "must be true or false");
    }
    static json::object schema(Schemas&) { return {{"type", "boolean"}}; }
};

template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>)
struct Codec<T> {
    static void write(std::string& out, T value) {
        char text[24];
        auto const end = std::to_chars(text, text + sizeof text, value).ptr;
        out.append(text, end);
    }
    static void read(json::value const& from, T& out, Path const& path, Issues& issues, Reading) {
        boost::system::error_code ec;
        auto const value = from.is_number() ? from.to_number<T>(ec) : T{};
        if (!from.is_number())
            issues.add(path, "must be a whole number");
        else if (ec)
            issues.add(path, "must be a whole number in range");
        else
            out = value;
    }
    static json::object schema(Schemas&) {
        return {{"type", "integer"}, {"format", sizeof(T) > 4 ? "int64" : "int32"}};
    }
};

template <>
struct Codec<double> {
    static void write(std::string& out, double value);
    static void read(json::value const& from, double& out, Path const& path, Issues& issues,
                     Reading) {
        if (from.is_number())
            out = from.to_number<double>();
        else
            issues.add(path, "must be a number");
    }
    static json::object schema(Schemas&) { return {{"type", "number"}}; }
};

template <>
struct Codec<std::string> {
    static void write(std::string& out, std::string_view value) { write_string(out, value); }
    static void read(json::value const& from, std::string& out, Path const& path, Issues& issues,
                     Reading) {
        if (!from.is_string())
            issues.add(path, "must be a string");
        else if (std::string_view(from.get_string()).contains('\0'))
            issues.add(path, "must not contain NUL");
        else
            out = std::string_view(from.get_string());
    }
    static json::object schema(Schemas&) { return {{"type", "string"}}; }
};

template <std::size_t Min, std::size_t Max>
struct Codec<Text<Min, Max>> {
    static void write(std::string& out, Text<Min, Max> const& value) {
        write_string(out, value.value);
    }
    static void read(json::value const& from, Text<Min, Max>& out, Path const& path, Issues& issues,
                     Reading reading) {
        auto const before = issues.list().size();
        Codec<std::string>::read(from, out.value, path, issues, reading);
        if (reading == Reading::stored || issues.list().size() != before) return;
        auto const length = utf8_length(out.value);
        if (length < Min)
            issues.add(path, Min == 1
                                 ? "must not be empty"
                                 : "must have at least " + std::to_string(Min) + " characters");
        if (length > Max)
            issues.add(path, "must have at most " + std::to_string(Max) + " characters");
    }
    static json::object schema(Schemas&) {
        json::object out{{"type", "string"}, {"maxLength", Max}};
        if (Min > 0) out["minLength"] = Min;
        return out;
    }
};

template <FixedString Prefix>
struct Codec<Id<Prefix>> {
    static void write(std::string& out, Id<Prefix> const& value) {
        out += '"';
        out += value.str();
        out += '"';
    }
    static void read(json::value const& from, Id<Prefix>& out, Path const& path, Issues& issues,
                     Reading) {
        auto id = from.is_string() ? Id<Prefix>::parse(from.get_string()) : std::nullopt;
        if (id)
            out = *std::move(id);
        else
            issues.add(path, "must be an id of letters, digits, '_' and '-'");
    }
    static json::object schema(Schemas&) {
        return {
            {"type", "string"},
            {"pattern", "^[A-Za-z0-9_-]{1,64}$"},
            {"examples", json::array{std::string(Prefix.view()) + "_01JD8Y4M7Q2V9X3K5N6P8R0S1T"}}};
    }
};

template <>
struct Codec<Timestamp> {
    static void write(std::string& out, Timestamp value) {
        out += '"';
        out += value.to_string();
        out += '"';
    }
    static void read(json::value const& from, Timestamp& out, Path const& path, Issues& issues,
                     Reading) {
        auto const time = from.is_string() ? Timestamp::parse(from.get_string()) : std::nullopt;
        if (time)
            out = *time;
        else
            issues.add(path, "must be a time as in 2026-01-31T12:00:00.000Z");
    }
    static json::object schema(Schemas&) { return {{"type", "string"}, {"format", "date-time"}}; }
};

template <>
struct Codec<json::value> {
    static void write(std::string& out, json::value const& value) { out += json::serialize(value); }
    static void read(json::value const& from, json::value& out, Path const&, Issues&, Reading) {
        out = from;
    }
    static json::object schema(Schemas&) { return {}; }
};
template <>
struct Codec<json::object> {
    static void write(std::string& out, json::object const& value) {
        out += json::serialize(value);
    }
    static void read(json::value const& from, json::object& out, Path const& path, Issues& issues,
                     Reading) {
        if (from.is_object())
            out = json::object(from.get_object(), json::storage_ptr());
        else
            issues.add(path, "must be an object");
    }
    static json::object schema(Schemas&) { return {{"type", "object"}}; }
};

// ---- Containers
// ------------------------------------------------------------------------------------------------

template <class T>
struct Codec<std::optional<T>> {
    static void write(std::string& out, std::optional<T> const& value) {
        if (value)
            Codec<T>::write(out, *value);
        else
            out += "null";
    }
    static void read(json::value const& from, std::optional<T>& out, Path const& path,
                     Issues& issues, Reading reading) {
        if (from.is_null())
            out.reset();
        else
            Codec<T>::read(from, out.emplace(), path, issues, reading);
    }
    static json::object schema(Schemas& schemas) {
        return {{"anyOf", json::array{Codec<T>::schema(schemas), json::object{{"type", "null"}}}}};
    }
};

template <class T>
struct Codec<std::vector<T>> {
    static void write(std::string& out, std::vector<T> const& value) {
        out += '[';
        for (bool first = true; auto const& item : value) {
            if (!std::exchange(first, false)) out += ',';
            Codec<T>::write(out, item);
        }
        out += ']';
    }
    static void read(json::value const& from, std::vector<T>& out, Path const& path, Issues& issues,
                     Reading reading) {
        if (!from.is_array()) return issues.add(path, "must be an array");
        auto const& array = from.get_array();
        out.reserve(array.size());
        for (std::size_t i = 0; i < array.size(); ++i)
            Codec<T>::read(array[i], out.emplace_back(), Path(&path, i), issues, reading);
    }
    static json::object schema(Schemas& schemas) {
        return {{"type", "array"}, {"items", Codec<T>::schema(schemas)}};
    }
};

template <class T>
struct Codec<std::map<std::string, T>> {
    static void write(std::string& out, std::map<std::string, T> const& value) {
        out += '{';
        for (bool first = true; auto const& [name, item] : value) {
            if (!std::exchange(first, false)) out += ',';
            write_string(out, name);
            out += ':';
            Codec<T>::write(out, item);
        }
        out += '}';
    }
    static void read(json::value const& from, std::map<std::string, T>& out, Path const& path,
                     Issues& issues, Reading reading) {
        if (!from.is_object()) return issues.add(path, "must be an object");
        for (auto const& [name, item] : from.get_object())
            Codec<T>::read(item, out[std::string(name)], Path(&path, name), issues, reading);
    }
    static json::object schema(Schemas& schemas) {
        return {{"type", "object"}, {"additionalProperties", Codec<T>::schema(schemas)}};
    }
};

// ---- Described enums: by name
// ----------------------------------------------------------------------------------

/// The name as it travels: a trailing underscore, needed where the name is a keyword (`private_`),
/// is dropped.
constexpr std::string_view wire_name(char const* name) {
    std::string_view const text(name);
    return text.ends_with('_') ? text.substr(0, text.size() - 1) : text;
}

template <DescribedEnum T>
std::string_view name_of(T value) {
    std::string_view name = "?";
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
        if (d.value == value) name = wire_name(d.name);
    });
    return name;
}
template <DescribedEnum T>
std::optional<T> enum_from(std::string_view name) {
    std::optional<T> out;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
        if (wire_name(d.name) == name) out = d.value;
    });
    return out;
}
template <DescribedEnum T>
std::vector<std::string_view> names_of() {
    std::vector<std::string_view> out;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto d) { out.push_back(wire_name(d.name)); });
    return out;
}

template <DescribedEnum T>
struct Codec<T> {
    static void write(std::string& out, T value) { write_string(out, name_of(value)); }
    static void read(json::value const& from, T& out, Path const& path, Issues& issues, Reading) {
        auto const value = from.is_string() ? enum_from<T>(from.get_string()) : std::nullopt;
        if (value) {
            out = *value;
            return;
        }
        std::string message = "must be one of";
        for (auto const name : names_of<T>())
            message.append(message.ends_with("of") ? " " : ", ").append(name);
        issues.add(path, std::move(message));
    }
    static json::object schema(Schemas&) {
        json::array names;
        for (auto const name : names_of<T>()) names.emplace_back(name);
        return {{"type", "string"}, {"enum", std::move(names)}};
    }
};

// ---- Described structs
// -----------------------------------------------------------------------------------------

template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_public |
                                                            boost::describe::mod_inherited>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// The name under which a described type appears in OpenAPI: T::schema_name where it has one, else
/// the type's name.
template <class T>
std::string schema_name();

template <Described T>
struct Codec<T> {
    static constexpr auto names = []<template <class...> class List, class... D>(List<D...>) {
        return std::array<std::string_view, sizeof...(D)>{wire_name(D::name)...};
    }(members_of<T>());

    static void write(std::string& out, T const& value) {
        out += '{';
        bool first = true;
        boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
            if (!std::exchange(first, false)) out += ',';
            out += '"';
            out += wire_name(d.name);
            out += "\":";
            using Member = std::remove_cvref_t<decltype(value.*d.pointer)>;
            Codec<Member>::write(out, value.*d.pointer);
        });
        out += '}';
    }
    static void read(json::value const& from, T& out, Path const& path, Issues& issues,
                     Reading reading) {
        if (!from.is_object()) return issues.add(path, "must be an object");
        auto const& object = from.get_object();
        std::array<json::value const*, names.size()> found{};
        // Documents mostly have the order of the description, so the name wanted is the next one.
        std::size_t next = 0;
        for (auto const& member : object) {
            std::string_view const name = member.key();
            for (std::size_t tried = 0; tried < names.size(); ++tried) {
                auto const at = next;
                next = next + 1 == names.size() ? 0 : next + 1;
                if (names[at] != name) continue;
                found[at] = &member.value();
                break;
            }
        }
        std::size_t at = 0;
        boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
            using Member = std::remove_cvref_t<decltype(out.*d.pointer)>;
            auto const* member = found[at];
            Path const here(&path, names[at++]);
            if (member &&
                (is_optional<Member> || !member->is_null() || std::same_as<Member, json::value>))
                Codec<Member>::read(*member, out.*d.pointer, here, issues, reading);
            else if (!is_optional<Member> && reading == Reading::request)
                issues.add(here, member ? "must not be null" : "is required");
        });
    }
    static json::object schema(Schemas& schemas) {
        return schemas.reference(schema_name<T>(), [&] {
            json::object properties;
            json::array required;
            boost::mp11::mp_for_each<members_of<T>>([&](auto d) {
                using Member = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
                properties[wire_name(d.name)] = Codec<Member>::schema(schemas);
                if (!is_optional<Member>) required.emplace_back(wire_name(d.name));
            });
            json::object out{{"type", "object"}, {"properties", std::move(properties)}};
            if (!required.empty()) out["required"] = std::move(required);
            return out;
        });
    }
};

/// The wire name of the member that Pointer points to: member_name<&Post::author>() == "author".
template <auto Pointer>
std::string_view member_name();

namespace detail {
template <class T>
struct MemberPointer;
template <class C, class M>
struct MemberPointer<M C::*> {
    using Class = C;
    using Member = M;
};
}  // namespace detail

template <auto Pointer>
using class_of = typename detail::MemberPointer<decltype(Pointer)>::Class;
template <auto Pointer>
using member_of = typename detail::MemberPointer<decltype(Pointer)>::Member;

template <auto Pointer>
std::string_view member_name() {
    std::string_view name;
    boost::mp11::mp_for_each<members_of<class_of<Pointer>>>([&](auto d) {
        if constexpr (std::same_as<std::remove_cv_t<decltype(d.pointer)>, decltype(Pointer)>)
            if (d.pointer == Pointer) name = wire_name(d.name);
    });
    return name;
}

namespace detail {
/// "grover::post::CreatePost" -> "CreatePost".
template <class T>
constexpr std::string_view type_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("T = ") + 4);
    text = text.substr(0, text.find_first_of("];"));
    auto const colon = text.rfind(':');
    return colon == std::string_view::npos ? text : text.substr(colon + 1);
}
}  // namespace detail

template <class T>
std::string schema_name() {
    if constexpr (requires { T::schema_name; })
        return std::string(T::schema_name);
    else
        return std::string(detail::type_name<T>());
}

}  // namespace grover::reflect
