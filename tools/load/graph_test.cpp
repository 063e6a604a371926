#include "graph.hpp"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace grover::load {
namespace {

Graph read(std::string const& text) {
    std::istringstream in(text);
    return read_graph(in, "g");
}

std::string error_of(std::string const& text) {
    try {
        read(text);
    } catch (GraphError const& error) {
        return error.what();
    }
    return "no error";
}

TEST(ReadGraph, TakesNumbersApartByBlanksTabsOrCommas) {
    Graph const expected{3, {{0, 1}, {1, 2}}};
    EXPECT_EQ(read("0 1\n1 2\n"), expected);
    EXPECT_EQ(read("0\t1\r\n1,2\r\n"), expected);
    EXPECT_EQ(read("  0   1  \n1 , 2"), expected);
}

TEST(ReadGraph, SkipsCommentsAndEmptyLines) {
    EXPECT_EQ(read("# people\n% more\n\n   \n4 5\n"), (Graph{2, {{0, 1}}}));
}

TEST(ReadGraph, ClosesGapsInTheNumbersKeepingTheirOrder) {
    EXPECT_EQ(read("900 7\n7 18446744073709551615\n"), (Graph{3, {{0, 1}, {0, 2}}}));
}

TEST(ReadGraph, TakesAnEdgeOnceWhateverItsDirection) {
    EXPECT_EQ(read("1 0\n0 1\n1 0\n"), (Graph{2, {{0, 1}}}));
}

TEST(ReadGraph, NamesTheFirstBadLine) {
    std::vector<std::pair<std::string, std::string>> const bad{
        {"0 1\nx y\n", "g:2: expected two whole numbers, found 'x y'"},
        {"0\n", "g:1: expected two whole numbers, found '0'"},
        {"0 1 2\n", "g:1: expected two whole numbers, found '0 1 2'"},
        {"# c\n\n0 -1\n", "g:3: expected two whole numbers, found '0 -1'"},
        {"0 1.5\n", "g:1: expected two whole numbers, found '0 1.5'"},
        {"0 1x\n", "g:1: expected two whole numbers, found '0 1x'"},
        {"0;1\n", "g:1: expected two whole numbers, found '0;1'"},
        {"0,,1\n", "g:1: expected two whole numbers, found '0,,1'"},
        {",1\n", "g:1: expected two whole numbers, found ',1'"},
        {"01\n", "g:1: expected two whole numbers, found '01'"},
        {"18446744073709551616 1\n",
         "g:1: expected two whole numbers, found '18446744073709551616 1'"},
        {"0 1\n5 5\n", "g:2: 5 cannot follow themselves"},
        {"0 1\n" + std::string(2'000, '1') + "\n", "g:2: the line is too long"},
        {std::string("0 1\n0\0 2\n", 9), "g:2: expected two whole numbers, found '0? 2'"},
        {"", "g: there are no edges in it"},
        {"\n\n# nothing\n", "g: there are no edges in it"},
    };
    for (auto const& [text, message] : bad) EXPECT_EQ(error_of(text), message);
}

TEST(ReadGraphFile, SaysWhatIsWrongWithTheFile) {
    auto const expect = [](std::string const& path, std::string const& message) {
        try {
            read_graph_file(path);
            FAIL() << path;
        } catch (GraphError const& error) {
            EXPECT_EQ(error.what(), path + ": " + message);
        }
    };
    expect("/nowhere/at/all.edges", "No such file or directory");
    expect("/tmp", "is a folder");
}

TEST(GenerateGraph, IsTheSameForTheSameSeed) {
    EXPECT_EQ(generate_graph(200, 5, 7), generate_graph(200, 5, 7));
    EXPECT_NE(generate_graph(200, 5, 7), generate_graph(200, 5, 8));
}

TEST(GenerateGraph, HasSimpleEdgesAndEveryoneInOnePiece) {
    for (auto const [people, links] :
         {std::pair{2u, 1u}, {2u, 10u}, {11u, 10u}, {12u, 10u}, {300u, 1u}, {1'000u, 10u}}) {
        auto const graph = generate_graph(people, links, 1);
        EXPECT_EQ(graph.people, people);
        EXPECT_TRUE(std::ranges::is_sorted(graph.edges));
        EXPECT_EQ(std::ranges::adjacent_find(graph.edges), graph.edges.end());
        for (auto const& [a, b] : graph.edges) {
            EXPECT_LT(a, b);
            EXPECT_LT(b, graph.people);
        }
        // Whoever came later knows someone who was there before.
        std::vector<bool> joined(people, false);
        joined[0] = true;
        for (auto const& [a, b] : graph.edges) joined[b] = true;
        EXPECT_EQ(std::ranges::count(joined, false), 0);
    }
}

TEST(GenerateGraph, HasFewWithManyAndManyWithFew) {
    auto const graph = generate_graph(1'000, 10, 1);
    std::vector<std::size_t> degrees;
    for (auto const& list : neighbours_of(graph)) degrees.push_back(list.size());
    std::ranges::sort(degrees);
    EXPECT_EQ(degrees.front(), 10u);
    EXPECT_LT(degrees[500], 20u);
    EXPECT_GT(degrees.back(), 80u);
}

TEST(GenerateGraph, MendsImpossibleSizes) {
    EXPECT_EQ(generate_graph(0, 0, 1), (Graph{2, {{0, 1}}}));
}

TEST(FirstPeople, KeepsTheEdgesAmongThem) {
    Graph const graph{4, {{0, 1}, {0, 3}, {1, 2}}};
    EXPECT_EQ(first_people(graph, 3), (Graph{3, {{0, 1}, {1, 2}}}));
    EXPECT_EQ(first_people(graph, 2), (Graph{2, {{0, 1}}}));
    EXPECT_EQ(first_people(graph, 9), graph);
}

}  // namespace
}  // namespace grover::load
