#include "gateway/cache/vary.hpp"

#include <algorithm>

#include "http/fields.hpp"
#include "http/message.hpp"

namespace grover::gateway::cache {
namespace {

using http::same_token;

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

/// Calls `use` with every member of every line of the field.
template <class Use>
void for_each_member(http::RequestHead const& request, std::string_view name, Use use) {
    for (auto const& field : request.fields) {
        if (!same_token(field.name, name)) continue;
        for (auto rest = field.value; !rest.empty();) use(http::next_member(rest));
    }
}

struct Language {
    std::string range;
    std::string weight;  // its text, "1" for none: texts of weights sort as the weights do
};

std::vector<Language> languages_of(http::RequestHead const& request) {
    std::vector<Language> out;
    for_each_member(request, "Accept-Language", [&](std::string_view member) {
        auto const range = http::next_member(member, ';');
        auto const q = http::trim(member);
        if (range.empty()) return;
        out.push_back({lower(range), q.starts_with("q=") ? std::string(q.substr(2)) : "1"});
    });
    std::ranges::sort(out, [](auto const& a, auto const& b) {
        // "1", "1.0" and "1.000" begin alike and mean the same.
        bool const whole_a = a.weight.starts_with('1'), whole_b = b.weight.starts_with('1');
        if (whole_a != whole_b || !whole_a)
            if (a.weight != b.weight) return a.weight > b.weight;
        return a.range < b.range;
    });
    return out;
}

std::string normal_value(http::RequestHead const& request, std::string_view name) {
    std::string out;
    if (same_token(name, "Accept-Language")) {
        for (auto const& [range, weight] : languages_of(request))
            out.append(range)
                .append(";q=")
                .append(weight.starts_with('1') ? "1" : weight)
                .append(",");
        return out;
    }
    bool there = false;
    for_each_member(request, name, [&](std::string_view member) {
        if (there) out += ',';
        out += member;
        there = true;
    });
    // A field that is missing is not one that is empty.
    if (!there && !request.contains(name)) out = '\0';
    return out;
}

bool speaks(Entry const& entry, http::RequestHead const& request) {
    auto const spoken = entry.fields.get("Content-Language");
    if (spoken.empty()) return false;
    auto const liked = languages_of(request);
    if (liked.empty() || !same_token(liked.front().range, spoken)) return false;
    // The best alone: with two liked equally the service may choose otherwise.
    return liked.size() == 1 || liked[0].weight.substr(0, 1) != liked[1].weight.substr(0, 1) ||
           (!liked[0].weight.starts_with('1') && liked[0].weight != liked[1].weight);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> selected_by(http::RequestHead const& request,
                                                             std::string_view vary) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!vary.empty()) {
        auto const name = http::next_member(vary);
        if (name.empty()) continue;
        auto key = lower(name);
        if (std::ranges::find(out, key, &std::pair<std::string, std::string>::first) != out.end())
            continue;
        auto value = normal_value(request, key);
        out.emplace_back(std::move(key), std::move(value));
    }
    return out;
}

bool selects(Entry const& entry, http::RequestHead const& request) {
    return std::ranges::all_of(entry.selected_by, [&](auto const& field) {
        auto const& [name, value] = field;
        return normal_value(request, name) == value ||
               (name == "accept-language" && speaks(entry, request));
    });
}

}  // namespace grover::gateway::cache
