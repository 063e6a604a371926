#include "gateway/transform/path_template.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace grover::gateway {

std::string_view next_segment(std::string_view& rest) noexcept {
    rest.remove_prefix(1);
    auto const segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    return segment;
}

std::string_view unescaped(std::string_view segment, std::string& room) {
    if (segment.find('%') == std::string_view::npos) [[likely]]
        return segment;
    return room = percent_decode(segment, false).value_or(std::string());
}

std::optional<Parameters> bind_path(std::string_view pattern, std::string_view path) {
    Parameters out;
    std::string room;
    while (!pattern.empty() && pattern != "/**") {
        if (!path.starts_with('/')) return {};
        auto const wanted = next_segment(pattern), segment = next_segment(path);
        if (wanted.starts_with('{'))
            out.emplace_back(wanted.substr(1, wanted.size() - 2), segment);
        else if (wanted != unescaped(segment, room))
            return {};
    }
    if (!pattern.empty())
        out.emplace_back("**", path);
    else if (!path.empty() && path != "/")
        return {};
    return out;
}

std::string plain_value(std::string_view value) {
    std::string out, room;
    for (;;) {
        auto const slash = value.find('/');
        out += percent_encode(unescaped(value.substr(0, slash), room));
        if (slash == std::string_view::npos) return out;
        out += '/';
        value.remove_prefix(slash + 1);
    }
}

std::string fill(std::string_view text,
                 std::function<std::string(std::string_view name)> const& value_of) {
    std::string out;
    while (!text.empty()) {
        auto const open = text.find('{');
        out += text.substr(0, open);
        if (open == std::string_view::npos) break;
        auto const close = text.find('}', open);
        if (close == std::string_view::npos) return out.append(text.substr(open));
        out += value_of(text.substr(open + 1, close - open - 1));
        text.remove_prefix(close + 1);
    }
    return out;
}

namespace {

template <class Shape>
std::string fill_shaped(std::string_view text, Parameters const& parameters, Shape shape) {
    return fill(text, [&](std::string_view name) {
        auto const found = std::ranges::find(parameters, name, &Parameters::value_type::first);
        return found == parameters.end() ? "{" + std::string(name) + "}" : shape(found->second);
    });
}

}  // namespace

std::string fill(std::string_view text, Parameters const& parameters) {
    return fill_shaped(text, parameters, [](std::string_view value) { return std::string(value); });
}

std::string fill_plain(std::string_view text, Parameters const& parameters) {
    return fill_shaped(text, parameters, plain_value);
}

std::vector<std::string> names_in(std::string_view text) {
    std::vector<std::string> out;
    fill(text, [&](std::string_view name) {
        out.emplace_back(name);
        return std::string();
    });
    return out;
}

}  // namespace grover::gateway
