#include "gateway/cache/purge_rules.hpp"

#include <algorithm>

#include "contracts/events.hpp"
#include "gateway/config/reader.hpp"
#include "gateway/transform/path_template.hpp"

namespace grover::gateway::cache {
namespace {

namespace mp11 = boost::mp11;
using Names = std::vector<std::string_view>;

template <class T>
bool is_text() {
    reflect::Schemas schemas;
    auto const schema = reflect::Codec<T>::schema(schemas);
    auto const* type = schema.if_contains("type");
    return type && *type == "string";
}

/// By the event's type, its members that are text.
std::map<std::string_view, Names> events_and_texts() {
    std::map<std::string_view, Names> out;
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, contracts::Events>>([&](auto event) {
        using Event = typename decltype(event)::type;
        auto& names = out[Event::topic];
        mp11::mp_for_each<reflect::members_of<Event>>([&](auto d) {
            using Member = std::remove_cvref_t<decltype(std::declval<Event&>().*d.pointer)>;
            if (is_text<Member>()) names.push_back(reflect::wire_name(d.name));
        });
    });
    return out;
}

void check_tag(config::Node const& tag, Names const& texts, config::Problems& problems) {
    auto const fixed = fill(tag.text, [](std::string_view) { return std::string(); });
    if (tag.text.empty() || fixed.find_first_of(" \t,{}") != std::string::npos)
        problems.add(tag.line, "'" + tag.text +
                                   "' is no tag: it has no blank and no comma, and its braces "
                                   "hold the name of a member");
    for (auto const& name : names_in(tag.text))
        if (std::ranges::find(texts, name) == texts.end())
            problems.add(tag.line,
                         "the event has no text '" + name + "'" + config::suggestion(name, texts));
}

}  // namespace

void check_purge_rules(config::Where const& where) {
    auto const* rules = where.node().find("purge");
    if (!rules) return;
    auto const events = events_and_texts();
    Names types;
    for (auto const& [type, texts] : events) types.push_back(type);
    for (auto const& [type, line, tags] : rules->members) {
        auto const event = events.find(type);
        if (event == events.end()) {
            where.problems().add(
                line, "there is no event '" + type + "'" + config::suggestion(type, types));
            continue;
        }
        for (auto const& tag : tags.items) check_tag(tag, event->second, where.problems());
    }
}

std::vector<std::string> tags_of(PurgeRules const& rules, std::string const& type,
                                 boost::json::value const& data) {
    std::vector<std::string> out;
    auto const found = rules.find(type);
    if (found == rules.end()) return out;
    auto const* members = data.if_object();
    for (auto const& tag : found->second) {
        bool whole = true;
        auto filled = fill(tag, [&](std::string_view name) {
            auto const* value = members ? members->if_contains(name) : nullptr;
            auto const* text = value ? value->if_string() : nullptr;
            whole = whole && text;
            return text ? std::string(*text) : std::string();
        });
        if (whole) out.push_back(std::move(filled));
    }
    return out;
}

}  // namespace grover::gateway::cache
