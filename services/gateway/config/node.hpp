// A configuration file as a tree: what YAML says, with the line of every part. Nothing of it is
// typed yet; see reader.hpp.
//
// One document of maps, lists and scalars. Refused, each with its line: broken YAML, a key that is
// there twice, anchors and aliases, tags, a second document, more than the limits below.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grover::gateway::config {

inline constexpr std::size_t file_bytes_max = 4 << 20;
inline constexpr std::size_t nodes_max = 50'000;
inline constexpr std::size_t depth_max = 32;

/// Everything that is wrong with one file, in the order of its lines.
class Problems {
public:
    explicit Problems(std::string file) : file_(std::move(file)) {}

    /// `line` and `column` count from 1; 0 stands for the file, or the line, as a whole.
    void add(int line, std::string what, int column = 0);
    bool empty() const noexcept { return list_.empty(); }
    /// "gateway.yaml:12: unknown key 'rout'; did you mean 'route'?", one a line.
    std::string print() const;

private:
    struct Problem {
        int line;
        int column;
        std::string what;
    };
    std::string file_;
    std::vector<Problem> list_;
};

struct Member;

struct Node {
    enum class Kind { nothing, scalar, list, map };

    Kind kind = Kind::nothing;
    int line = 0;
    bool quoted = false;          // a scalar that is text whatever it looks like
    std::string text;             // of a scalar
    std::vector<Node> items;      // of a list
    std::vector<Member> members;  // of a map, in their order

    /// The member of that name; null when there is none.
    Node const* find(std::string_view name) const noexcept;
    /// "text", "a list", "a map", "nothing": for messages.
    std::string_view kind_name() const noexcept;
};

struct Member {
    std::string name;
    int line = 0;
    Node value;
};

/// The tree of `text`; what is wrong goes to `problems`, and the tree is what was understood.
Node parse(std::string_view text, Problems& problems);

}  // namespace grover::gateway::config
