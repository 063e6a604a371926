// The route table: which route of the configuration takes a request. Compiled once into a trie of
// segments; finding costs a few comparisons and no allocation.
//
// The most specific path wins: at every segment a fixed one before "{...}" before "/**". Among the
// routes of one path the first whose methods, host, fields and query fit. Where none fits, the
// search goes on with less specific paths. A trailing slash does not matter, nor does
// percent-encoding, so that no spelling slips past a route that the service would still understand;
// case does.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/routes/settings.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway {

class Table {
public:
    static constexpr std::size_t segments_max = 16;

    Table(std::vector<RouteSettings> const& routes,
          std::map<std::string, VersionSettings> const& versions);

    static constexpr int none = -1;
    struct Match {
        int route = none;         // in the order of the configuration
        int version = none;       // in the order of the map: the spelling that the client chose
        std::uint32_t allow = 0;  // without a route: the methods that the path has, by bit
    };
    Match find(http::RequestHead const& head) const noexcept;
    /// The same by method and path alone: no host, fields or query.
    Match find(std::string_view method, std::string_view path) const;
    /// The rules that find() looks at on its way, and why each did not fit; empty for the one that
    /// did. For people.
    struct Considered {
        std::size_t route;
        std::string_view why;
    };
    std::vector<Considered> explain(http::RequestHead const& head) const;
    /// Some route takes this path, whatever the method.
    bool knows(std::string_view path) const noexcept;

    /// The routes that can never be reached, each with the one that takes everything before it.
    struct Shadowed {
        std::size_t route;
        std::size_t by;
    };
    std::vector<Shadowed> shadowed() const;

    /// Why `path` is no pattern; empty when it is one.
    static std::string problem_of(std::string_view path);

private:
    struct Node {
        std::vector<std::pair<std::string, std::size_t>> fixed;  // segment -> node, sorted
        std::size_t parameter = 0;                               // 0: none
        std::vector<std::size_t> here;                           // rules that end here
        std::vector<std::size_t> below;                          // "/**"
    };
    struct Rule {
        std::uint32_t methods = 0;
        std::string host;  // ".example.com" for "*.example.com"
        std::vector<std::pair<std::string, std::string>> fields;
        std::vector<std::pair<std::string, std::string>> query;
        bool unconditional() const noexcept {
            return host.empty() && fields.empty() && query.empty();
        }
    };
    struct Spelling {
        std::string prefix;  // "/api/v1"
        std::size_t node;    // of what it means
    };
    struct Search;

    std::size_t place(std::string_view path);
    Match find_from(Search& search) const noexcept;
    static std::size_t next_fixed(Node const& node, std::string_view segment) noexcept;
    bool walk(Node const& node, std::string_view rest, Search& search) const noexcept;
    bool choose(std::span<std::size_t const> rules, Search& search) const noexcept;
    std::string_view misfit(Rule const& rule, Search const& search) const noexcept;

    std::vector<Node> nodes_;
    std::vector<Rule> rules_;
    std::vector<Spelling> spellings_;
};

/// The bit of a method in Match::allow and the like; 0 for a method that no route can name.
std::uint32_t method_bit(std::string_view method) noexcept;
/// "GET, HEAD, POST".
std::string method_list(std::uint32_t methods);

}  // namespace grover::gateway
