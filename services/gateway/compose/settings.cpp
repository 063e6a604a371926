#include "gateway/compose/settings.hpp"

#include <algorithm>

#include "gateway/transform/path_template.hpp"

namespace grover::gateway {
namespace {

constexpr std::size_t parts_max = 16;

}  // namespace

void validate(PartSettings const& part, config::Where const& where) {
    if (part.service.empty()) where.add("service", "a part needs a service");
    if (!part.get.starts_with('/'))
        where.add("get", "a part asks for a path: /api/users/{user_id}");
    if (part.get.find_first_of(" \t\r\n") != std::string::npos ||
        part.get.find('#') < part.get.find('{'))
        where.add("get", "a target has no blank and no '#'");
    if (part.timeout.count() <= 0) where.add("timeout", "must be longer than nothing");
}

void check_parts(PartsSettings const& parts, std::string_view path, config::Where const& where) {
    if (parts.size() > parts_max) where.add("compose", "16 parts at most");
    if (parts.contains("partial"))
        where.add("compose", "'partial' names the parts that failed: choose another name");
    if (!steps_of(parts))
        where.add("compose", "parts that wait for each other, or for one that is not there");
    auto const named = names_in(path);
    for (auto const& [name, part] : parts)
        for (auto const& wanted : names_in(part.get))
            if (!wanted.contains('#') && !wanted.starts_with("query.") &&
                std::ranges::find(named, wanted) == named.end())
                where.add("compose", "part '" + name + "': the path has no '{" + wanted + "}'");
}

std::vector<std::string> needs_of(PartSettings const& part) {
    std::vector<std::string> out;
    for (auto const& name : names_in(part.get))
        if (auto const mark = name.find('#'); mark != std::string::npos)
            out.push_back(name.substr(0, mark));
    return out;
}

std::optional<std::vector<std::vector<std::string>>> steps_of(PartsSettings const& parts) {
    std::vector<std::vector<std::string>> steps;
    std::vector<std::string> done;
    auto const is_done = [&](std::string const& name) {
        return std::ranges::find(done, name) != done.end();
    };
    while (done.size() < parts.size()) {
        std::vector<std::string> step;
        for (auto const& [name, part] : parts)
            if (!is_done(name) && std::ranges::all_of(needs_of(part), is_done))
                step.push_back(name);
        if (step.empty()) return {};
        done.insert(done.end(), step.begin(), step.end());
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace grover::gateway
