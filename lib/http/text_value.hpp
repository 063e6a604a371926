// Values that travel as plain text: in a path segment or a query parameter.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/text.hpp"
#include "reflect/codec.hpp"

namespace grover::http {

/// parse() gives nothing for text that is not a T; expectation() says what is expected, after the
/// parameter's name.
template <class T>
struct TextValue;

template <>
struct TextValue<std::string> {
    static std::optional<std::string> parse(std::string_view text) {
        if (text.contains('\0')) return {};
        return std::string(text);
    }
    static std::string expectation() { return "must be text"; }
};

template <>
struct TextValue<bool> {
    static std::optional<bool> parse(std::string_view text) {
        if (text == "true" || text == "1") return true;
        if (text == "false" || text == "0") return false;
        return {};
    }
    static std::string expectation() { return "must be true or false"; }
};

template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>)
struct TextValue<T> {
    static std::optional<T> parse(std::string_view text) {
        T value{};
        auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (ec != std::errc() || end != text.data() + text.size()) return {};
        return value;
    }
    static std::string expectation() { return "must be a whole number in range"; }
};

template <FixedString Prefix>
struct TextValue<Id<Prefix>> {
    static std::optional<Id<Prefix>> parse(std::string_view text) {
        return Id<Prefix>::parse(text);
    }
    static std::string expectation() { return "must be an id of letters, digits, '_' and '-'"; }
};

template <std::size_t Min, std::size_t Max>
struct TextValue<Text<Min, Max>> {
    static std::optional<Text<Min, Max>> parse(std::string_view text) {
        auto const length = utf8_length(text);
        if (length < Min || length > Max || text.contains('\0')) return {};
        return Text<Min, Max>{std::string(text)};
    }
    static std::string expectation() {
        return "must have " + std::to_string(Min) + " to " + std::to_string(Max) + " characters";
    }
};

template <reflect::DescribedEnum T>
struct TextValue<T> {
    static std::optional<T> parse(std::string_view text) { return reflect::enum_from<T>(text); }
    static std::string expectation() {
        std::string out = "must be one of";
        for (auto const name : reflect::names_of<T>()) out.append(" ").append(name);
        return out;
    }
};

}  // namespace grover::http
