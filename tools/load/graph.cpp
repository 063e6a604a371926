#include "graph.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "sequence.hpp"

namespace grover::load {
namespace {

constexpr std::size_t line_bytes_max = 1'000;
constexpr std::size_t edges_max = 20'000'000;

using Label = std::uint64_t;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Takes a number off the front of `text`; false when there is none.
bool take_number(std::string_view& text, Label& out) {
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (ec != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

/// Takes what may stand between the two numbers; false when nothing does.
bool take_separator(std::string_view& text) {
    auto const before = text.size();
    text = trimmed(text);
    if (text.starts_with(',')) text = trimmed(text.substr(1));
    return text.size() < before;
}

/// The beginning of a line as a terminal may see it.
std::string printable(std::string_view line) {
    std::string out(line.substr(0, 60));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return out;
}

std::pair<Label, Label> parse_edge(std::string_view line) {
    Label from = 0, to = 0;
    auto rest = line;
    if (!take_number(rest, from) || !take_separator(rest) || !take_number(rest, to) ||
        !rest.empty())
        throw GraphError(fmt::format("expected two whole numbers, found '{}'", printable(line)));
    if (from == to) throw GraphError(fmt::format("{} cannot follow themselves", from));
    return {from, to};
}

Graph number_people(std::vector<std::pair<Label, Label>> const& edges) {
    std::vector<Label> labels;
    for (auto const& [from, to] : edges) {
        labels.push_back(from);
        labels.push_back(to);
    }
    std::ranges::sort(labels);
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    std::unordered_map<Label, std::uint32_t> numbers;
    for (auto const label : labels)
        numbers.emplace(label, static_cast<std::uint32_t>(numbers.size()));

    Graph graph{labels.size(), {}};
    for (auto const& [from, to] : edges)
        graph.edges.push_back(std::minmax(numbers.at(from), numbers.at(to)));
    std::ranges::sort(graph.edges);
    graph.edges.erase(std::unique(graph.edges.begin(), graph.edges.end()), graph.edges.end());
    return graph;
}

}  // namespace

Graph read_graph(std::istream& in, std::string const& name) {
    std::vector<std::pair<Label, Label>> edges;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        try {
            if (line.size() > line_bytes_max) throw GraphError("the line is too long");
            auto const text = trimmed(line);
            if (text.empty() || text.front() == '#' || text.front() == '%') continue;
            if (edges.size() == edges_max) throw GraphError("there are too many edges");
            edges.push_back(parse_edge(text));
        } catch (GraphError const& error) {
            throw GraphError(fmt::format("{}:{}: {}", name, number, error.what()));
        }
    }
    if (in.bad()) throw GraphError(name + ": cannot be read to its end");
    if (edges.empty()) throw GraphError(name + ": there are no edges in it");
    return number_people(edges);
}

Graph read_graph_file(std::string const& path) {
    if (std::filesystem::is_directory(path)) throw GraphError(path + ": is a folder");
    std::ifstream in(path);
    if (!in) throw GraphError(path + ": " + std::strerror(errno));
    return read_graph(in, path);
}

Graph generate_graph(std::size_t people, std::size_t links, std::uint64_t seed) {
    people = std::max<std::size_t>(people, 2);
    links = std::clamp<std::size_t>(links, 1, people - 1);
    Sequence sequence(seed);
    Graph graph{people, {}};
    // Each end of each edge once: a person is in it as often as they have links.
    std::vector<std::uint32_t> ends;
    auto const join = [&](std::uint32_t a, std::uint32_t b) {
        graph.edges.push_back(std::minmax(a, b));
        ends.push_back(a);
        ends.push_back(b);
    };
    for (std::uint32_t a = 1; a <= links; ++a)
        for (std::uint32_t b = 0; b < a; ++b) join(a, b);
    for (auto newcomer = static_cast<std::uint32_t>(links + 1); newcomer < people; ++newcomer) {
        std::vector<std::uint32_t> known;
        while (known.size() < links) {
            auto const candidate = ends[sequence.below(ends.size())];
            if (std::ranges::find(known, candidate) == known.end()) known.push_back(candidate);
        }
        for (auto const person : known) join(newcomer, person);
    }
    std::ranges::sort(graph.edges);
    return graph;
}

Graph first_people(Graph const& graph, std::size_t people) {
    Graph part{std::min(people, graph.people), {}};
    for (auto const& edge : graph.edges)
        if (edge.second < part.people) part.edges.push_back(edge);
    return part;
}

std::vector<std::vector<std::uint32_t>> neighbours_of(Graph const& graph) {
    std::vector<std::vector<std::uint32_t>> out(graph.people);
    for (auto const& [a, b] : graph.edges) {
        out[a].push_back(b);
        out[b].push_back(a);
    }
    for (auto& list : out) std::ranges::sort(list);
    return out;
}

}  // namespace grover::load
