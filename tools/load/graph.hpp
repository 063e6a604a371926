// The social graph that is played: who knows whom. Read from an edge list or generated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace grover::load {

/// People are numbered 0..people-1; an edge joins two different people and is there once.
struct Graph {
    std::size_t people = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;  // first < second, ascending

    bool operator==(Graph const&) const = default;
};

/// What is wrong with an input, for the person at the terminal: "graph.edges:7: ...".
class GraphError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An edge list: two whole numbers a line, blank or comma between them; empty lines and those that
/// begin with # or % are skipped. Direction and repeats do not matter. The numbers may have gaps:
/// people are numbered in their order. Throws GraphError with the number of the first bad line.
Graph read_graph(std::istream& in, std::string const& name);
Graph read_graph_file(std::string const& path);

/// A graph whose degrees follow a power law, by preferential attachment (Barabási and Albert,
/// 1999): every newcomer knows `links` people, chosen by how many these know already. The same
/// arguments give the same graph. `people` is at least 2; links is cut to people - 1.
Graph generate_graph(std::size_t people, std::size_t links, std::uint64_t seed);

/// The graph among the first `people` people.
Graph first_people(Graph const& graph, std::size_t people);

/// neighbours[p]: whom person p knows, ascending.
std::vector<std::vector<std::uint32_t>> neighbours_of(Graph const& graph);

}  // namespace grover::load
