#include "gateway/config/reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace grover::gateway::config {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

/// "1.5s" with the units of `units`; nothing for another form, a negative or an immense value.
template <std::size_t N>
std::optional<double> parse_with_unit(std::string_view text, std::array<Unit, N> const& units) {
    auto const digits = std::min(text.find_first_not_of("0123456789."), text.size());
    auto const number = parse_number(text.substr(0, digits));
    if (!number) return {};
    auto rest = text.substr(digits);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    for (auto const& [name, factor] : units)
        if (rest == name) return *number * factor;
    return {};
}

/// Typing mistakes between two words: what is inserted, left out, replaced or swapped.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                                   cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[a.size()][b.size()];
}

constexpr std::size_t word_bytes_max = 64;

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
    for (std::string_view const yes : {"true", "yes", "on"})
        if (text == yes) return true;
    for (std::string_view const no : {"false", "no", "off"})
        if (text == no) return false;
    return {};
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    auto const* end = text.data() + text.size();
    auto const [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end || !std::isfinite(value)) return {};
    return value;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    constexpr std::array units{Unit{"ns", 1},      Unit{"us", 1e3},       Unit{"ms", 1e6},
                               Unit{"s", 1e9},     Unit{"m", 60e9},       Unit{"h", 3600e9},
                               Unit{"d", 86400e9}, Unit{"w", 7 * 86400e9}};
    if (text == "0") return std::chrono::nanoseconds(0);
    auto const value = parse_with_unit(text, units);
    if (!value || *value > 9.2e18) return {};
    return std::chrono::nanoseconds(std::llround(*value));
}

std::optional<Bytes> parse_bytes(std::string_view text) {
    constexpr std::array units{Unit{"", 1},          Unit{"B", 1},         Unit{"KiB", 1 << 10},
                               Unit{"MiB", 1 << 20}, Unit{"GiB", 1 << 30}, Unit{"kB", 1e3},
                               Unit{"KB", 1e3},      Unit{"MB", 1e6},      Unit{"GB", 1e9}};
    auto const value = parse_with_unit(text, units);
    if (!value || *value > 9e15 || *value != std::floor(*value)) return {};
    return Bytes{static_cast<std::uint64_t>(*value)};
}

std::optional<Ratio> parse_ratio(std::string_view text) {
    bool const percent = text.ends_with('%');
    auto const number = parse_number(percent ? text.substr(0, text.size() - 1) : text);
    if (!number) return {};
    auto const value = percent ? *number / 100 : *number;
    if (!(value >= 0 && value <= 1)) return {};
    return Ratio{value};
}

std::optional<Timestamp> parse_time(std::string_view text) {
    if (text.size() == 10) return Timestamp::parse(std::string(text) + "T00:00:00Z");
    return Timestamp::parse(text);
}

std::string_view closest(std::string_view wrong, std::vector<std::string_view> const& names) {
    std::string_view best;
    if (wrong.size() > word_bytes_max) return best;
    auto least = std::max<std::size_t>(2, wrong.size() / 3) + 1;
    for (auto const name : names)
        if (auto const mistakes = distance(wrong, name);
            mistakes < least && mistakes < name.size()) {
            least = mistakes;
            best = name;
        }
    return best;
}

std::string suggestion(std::string_view wrong, std::vector<std::string_view> const& names) {
    if (auto const name = closest(wrong, names); !name.empty())
        return "; did you mean '" + std::string(name) + "'?";
    std::string out;
    for (auto const name : names) out += (out.empty() ? "; there is " : ", ") + std::string(name);
    return out;
}

void detail::wrong_kind(Node const& node, std::string_view wanted, Problems& problems) {
    problems.add(node.line,
                 "must be " + std::string(wanted) + ", not " + std::string(node.kind_name()));
}

void Reader<std::string>::read(Node const& node, std::string& out, Problems& problems) {
    if (node.kind != Node::Kind::scalar) return detail::wrong_kind(node, "text", problems);
    if (!is_valid_utf8(node.text) || node.text.contains('\0'))
        problems.add(node.line, "must be UTF-8 without NUL");
    else
        out = node.text;
}

void Reader<boost::json::value>::read(Node const& node, boost::json::value& out,
                                      Problems& problems) {
    switch (node.kind) {
        case Node::Kind::nothing:
            out = nullptr;
            break;
        case Node::Kind::list: {
            auto& list = out.emplace_array();
            for (auto const& item : node.items) read(item, list.emplace_back(nullptr), problems);
            break;
        }
        case Node::Kind::map: {
            auto& object = out.emplace_object();
            for (auto const& [name, line, value] : node.members)
                read(value, object[name], problems);
            break;
        }
        case Node::Kind::scalar: {
            std::int64_t whole = 0;
            auto const* end = node.text.data() + node.text.size();
            auto const [at, error] = std::from_chars(node.text.data(), end, whole);
            if (!node.quoted && error == std::errc() && at == end)
                out = whole;
            else if (auto const number = parse_number(node.text); !node.quoted && number)
                out = *number;
            else if (!node.quoted && (node.text == "true" || node.text == "false"))
                out = node.text == "true";
            else {
                std::string text;
                Reader<std::string>::read(node, text, problems);
                out = text;
            }
            break;
        }
    }
}

}  // namespace grover::gateway::config
