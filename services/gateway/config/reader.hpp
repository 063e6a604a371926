// From the tree of a configuration file to described structs. A section of the configuration is a
// struct beside the code that uses it:
//
//     struct Health {
//         std::chrono::milliseconds interval = 1s;
//         int rise = 2;
//     };
//     BOOST_DESCRIBE_STRUCT(Health, (), (interval, rise))
//
//     Problems problems(file);
//     auto config = read<Config>(parse(text, problems), problems);
//     if (!problems.empty()) ...
//
// Every member may be left out: its initialiser is the default. A key that no member has is a
// problem, with the member that was probably meant. Rules over a whole struct are a free
// `void validate(T const&, Where const&)` beside it, called once its members were read. An
// undescribed member `int line` tells where the struct stood.
//
// Known types: bool, integers, double, std::string, durations ("250ms", "1.5s", "2m", "1h", "7d"),
// Bytes, Ratio, Timestamp ("2027-06-30", RFC 3339), described enums and structs, optional, vector,
// map by name, json::value. A new scalar is one specialisation of Reader.
#pragma once

#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "gateway/config/node.hpp"
#include "gateway/config/values.hpp"
#include "reflect/codec.hpp"

namespace grover::gateway::config {

// ---- Text to scalars, for other sources of settings too ----

std::optional<bool> parse_bool(std::string_view text);
std::optional<double> parse_number(std::string_view text);
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
std::optional<Bytes> parse_bytes(std::string_view text);
std::optional<Ratio> parse_ratio(std::string_view text);
std::optional<Timestamp> parse_time(std::string_view text);

/// The name that was probably meant: one that is few typing mistakes away; empty for none.
std::string_view closest(std::string_view wrong, std::vector<std::string_view> const& names);
/// "; did you mean 'routes'?", or what there is to choose from when nothing is close.
std::string suggestion(std::string_view wrong, std::vector<std::string_view> const& names);

// ---- Readers ----

template <class T>
struct Reader;  // static void read(Node const&, T&, Problems&)

/// What a validate() sees beside its struct: where to complain.
class Where {
public:
    Where(Node const& node, Problems& problems) : node_(node), problems_(problems) {}
    /// At the line of the member, else at that of the struct.
    void add(std::string_view member, std::string what) const {
        auto const* found = node_.find(member);
        problems_.add(found ? found->line : node_.line, std::move(what));
    }
    Node const& node() const noexcept { return node_; }
    Problems& problems() const noexcept { return problems_; }

private:
    Node const& node_;
    Problems& problems_;
};

/// A value that is missing (`key:` with nothing after it) leaves `out` as it is.
template <class T>
void read_into(Node const& node, T& out, Problems& problems) {
    if (node.kind != Node::Kind::nothing) Reader<T>::read(node, out, problems);
}

template <class T>
T read(Node const& node, Problems& problems) {
    T out{};
    read_into(node, out, problems);
    return out;
}

namespace detail {

void wrong_kind(Node const& node, std::string_view wanted, Problems& problems);

/// Reads a scalar with `parse`, which returns an optional.
template <class T, class Parse>
void read_scalar(Node const& node, T& out, Problems& problems, std::string_view wanted,
                 Parse parse) {
    if (node.kind != Node::Kind::scalar) return wrong_kind(node, wanted, problems);
    if (auto value = parse(std::string_view(node.text)))
        out = *std::move(value);
    else
        problems.add(node.line, "must be " + std::string(wanted) + ", not '" + node.text + "'");
}

}  // namespace detail

template <>
struct Reader<bool> {
    static void read(Node const& node, bool& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "true or false", parse_bool);
    }
};

template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>)
struct Reader<T> {
    static void read(Node const& node, T& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "a whole number in range",
                            [](std::string_view text) -> std::optional<T> {
                                T value{};
                                auto const* end = text.data() + text.size();
                                auto const [at, error] = std::from_chars(text.data(), end, value);
                                if (error != std::errc() || at != end) return {};
                                return value;
                            });
    }
};

template <>
struct Reader<double> {
    static void read(Node const& node, double& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "a number", parse_number);
    }
};

template <>
struct Reader<std::string> {
    static void read(Node const& node, std::string& out, Problems& problems);
};

template <class Rep, class Period>
struct Reader<std::chrono::duration<Rep, Period>> {
    using Duration = std::chrono::duration<Rep, Period>;
    static void read(Node const& node, Duration& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "a duration as in 250ms, 1.5s, 2m, 1h or 7d",
                            [](std::string_view text) -> std::optional<Duration> {
                                auto const exact = parse_duration(text);
                                if (!exact) return {};
                                auto const value = std::chrono::duration_cast<Duration>(*exact);
                                if (value != *exact) return {};  // finer than the setting
                                return value;
                            });
    }
};

template <>
struct Reader<Bytes> {
    static void read(Node const& node, Bytes& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "a size as in 512, 64KiB or 10MB", parse_bytes);
    }
};

template <>
struct Reader<Ratio> {
    static void read(Node const& node, Ratio& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "a share as in 0.2 or 20%", parse_ratio);
    }
};

template <>
struct Reader<Timestamp> {
    static void read(Node const& node, Timestamp& out, Problems& problems) {
        detail::read_scalar(node, out, problems, "a time as in 2027-06-30 or 2027-06-30T12:00:00Z",
                            parse_time);
    }
};

/// Unquoted scalars mean what they look like: true, 12, 0.5; everything else is a string.
template <>
struct Reader<boost::json::value> {
    static void read(Node const& node, boost::json::value& out, Problems& problems);
};

template <class T>
struct Reader<std::optional<T>> {
    static void read(Node const& node, std::optional<T>& out, Problems& problems) {
        read_into(node, out.emplace(), problems);
    }
};

template <class T>
struct Reader<std::vector<T>> {
    static void read(Node const& node, std::vector<T>& out, Problems& problems) {
        if (node.kind != Node::Kind::list) return detail::wrong_kind(node, "a list", problems);
        out.clear();
        out.reserve(node.items.size());
        for (auto const& item : node.items) {
            if (item.kind == Node::Kind::nothing) problems.add(item.line, "an item is missing");
            read_into(item, out.emplace_back(), problems);
        }
    }
};

template <class T>
struct Reader<std::map<std::string, T>> {
    static void read(Node const& node, std::map<std::string, T>& out, Problems& problems) {
        if (node.kind != Node::Kind::map) return detail::wrong_kind(node, "a map", problems);
        out.clear();
        for (auto const& [name, line, value] : node.members) {
            if (name.empty()) problems.add(line, "a name must not be empty");
            read_into(value, out[name], problems);
        }
    }
};

template <reflect::DescribedEnum T>
struct Reader<T> {
    static void read(Node const& node, T& out, Problems& problems) {
        if (node.kind != Node::Kind::scalar) return detail::wrong_kind(node, "a name", problems);
        if (auto const value = reflect::enum_from<T>(node.text)) {
            out = *value;
            return;
        }
        std::vector<std::string_view> names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
            [&](auto d) { names.push_back(reflect::wire_name(d.name)); });
        problems.add(node.line, "there is no '" + node.text + "'" + suggestion(node.text, names));
    }
};

template <reflect::Described T>
struct Reader<T> {
    static void read(Node const& node, T& out, Problems& problems) {
        if (node.kind != Node::Kind::map) return detail::wrong_kind(node, "a map", problems);
        for (auto const& [name, line, value] : node.members) {
            bool known = false;
            boost::mp11::mp_for_each<reflect::members_of<T>>([&](auto d) {
                if (known || reflect::wire_name(d.name) != name) return;
                known = true;
                read_into(value, out.*d.pointer, problems);
            });
            if (!known)
                problems.add(line, "unknown key '" + name + "'" + suggestion(name, names()));
        }
        if constexpr (requires { out.line = node.line; }) out.line = node.line;
        if constexpr (requires(Where const& where) { validate(out, where); })
            validate(out, Where(node, problems));
    }
    static std::vector<std::string_view> names() {
        std::vector<std::string_view> out;
        boost::mp11::mp_for_each<reflect::members_of<T>>(
            [&](auto d) { out.push_back(reflect::wire_name(d.name)); });
        return out;
    }
};

}  // namespace grover::gateway::config
