#include "gateway/routes/table.hpp"

#include <algorithm>
#include <array>

#include "gateway/transform/path_template.hpp"
#include "http/message.hpp"
#include "http/target.hpp"

namespace grover::gateway {
namespace {

constexpr std::array<std::string_view, 7> method_names{"GET",   "HEAD",   "POST",   "PUT",
                                                       "PATCH", "DELETE", "OPTIONS"};
// The bit of what no route can name: rules for all methods take it, others do not.
constexpr std::uint32_t other_method = 1u << method_names.size();
constexpr std::uint32_t all_methods = (other_method << 1) - 1;
// No rule takes it: TRACE would answer with the credentials of the request.
constexpr std::uint32_t refused_method = other_method << 1;

bool is_parameter(std::string_view segment) noexcept {
    return segment.starts_with('{') && segment.ends_with('}');
}

std::uint32_t bit_of(std::string_view method) noexcept {
    if (method == "TRACE" || method == "CONNECT") return refused_method;
    auto const bit = method_bit(method);
    return bit == 0 ? other_method : bit;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool same_host(std::string_view wanted, std::string_view host) noexcept {
    if (host.find(']') == std::string_view::npos) host = host.substr(0, host.find(':'));
    if (wanted.starts_with('.')) {
        if (host.size() <= wanted.size()) return false;
        host.remove_prefix(host.size() - wanted.size());
    }
    return http::same_token(wanted, host);
}

/// The query has `name` with `value` ("*": any), as it is spelled.
bool has_parameter(std::string_view query, std::string_view name, std::string_view value) noexcept {
    while (!query.empty()) {
        auto const part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        auto const equals = std::min(part.find('='), part.size());
        if (part.substr(0, equals) != name) continue;
        if (value == "*" || part.substr(std::min(equals + 1, part.size())) == value) return true;
    }
    return false;
}

}  // namespace

struct Table::Search {
    http::RequestHead const* head;  // null: by method and path alone
    std::uint32_t method;
    std::string_view path;
    Match match{};
    std::vector<Considered>* considered = nullptr;
};

std::uint32_t method_bit(std::string_view method) noexcept {
    for (std::size_t i = 0; i < method_names.size(); ++i)
        if (method_names[i] == method) return 1u << i;
    return 0;
}

std::string method_list(std::uint32_t methods) {
    std::string out;
    for (std::size_t i = 0; i < method_names.size(); ++i)
        if (methods & (1u << i)) out.append(out.empty() ? "" : ", ").append(method_names[i]);
    return out;
}

std::string Table::problem_of(std::string_view path) {
    if (!path.starts_with('/')) return "a path begins with '/'";
    if (path.ends_with("/**")) path.remove_suffix(3);
    if (auto const why = http::ambiguity_of(path); !why.empty())
        return "no request reaches this path: " + std::string(why);
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        auto const segment = next_segment(path);
        if (segment.empty()) return "a path has no empty segment";
        if (is_parameter(segment) && std::ranges::find(segments, segment) != segments.end())
            return "'" + std::string(segment) + "' is there twice";
        segments.push_back(segment);
        if (segments.size() > segments_max) return "a path has 16 segments at most";
        auto const plain = is_parameter(segment) ? segment.substr(1, segment.size() - 2) : segment;
        if (plain.empty() || plain.find_first_of("{}*?#%") != std::string_view::npos)
            return "'" + std::string(segment) +
                   "' is no segment: plain text, or a name in braces; '**' only at the end";
    }
    return {};
}

Table::Table(std::vector<RouteSettings> const& routes,
             std::map<std::string, VersionSettings> const& versions)
    : nodes_(1) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        auto const& route = routes[i];
        std::string_view path = route.path;
        bool const below = path.ends_with("/**");
        if (below) path.remove_suffix(3);
        auto& node = nodes_[place(path)];
        (below ? node.below : node.here).push_back(i);

        Rule rule{.methods = route.methods.empty() ? all_methods : 0u,
                  .host = lower(route.host.starts_with("*.") ? route.host.substr(1) : route.host),
                  .fields = {route.headers.begin(), route.headers.end()},
                  .query = {route.query.begin(), route.query.end()}};
        for (auto const method : route.methods) {
            rule.methods |= method_bit(reflect::name_of(method));
            if (method == Method::GET) rule.methods |= method_bit("HEAD");
        }
        rules_.push_back(std::move(rule));
    }
    for (auto const& [name, version] : versions)
        spellings_.push_back({version.path, place(version.means)});
}

/// The node of a path without its "/**"; made when it is new.
std::size_t Table::place(std::string_view path) {
    std::size_t at = 0;
    while (!path.empty()) {
        auto const segment = next_segment(path);
        if (is_parameter(segment)) {
            if (nodes_[at].parameter == 0) {
                nodes_[at].parameter = nodes_.size();
                nodes_.emplace_back();
            }
            at = nodes_[at].parameter;
            continue;
        }
        auto& fixed = nodes_[at].fixed;
        auto const found = std::ranges::lower_bound(fixed, segment, {},
                                                    &std::pair<std::string, std::size_t>::first);
        if (found != fixed.end() && found->first == segment) {
            at = found->second;
        } else {
            at = nodes_.size();
            fixed.emplace(found, std::string(segment), at);
            nodes_.emplace_back();
        }
    }
    return at;
}

Table::Match Table::find(http::RequestHead const& head) const noexcept {
    Search search{&head, bit_of(head.method), head.path()};
    return find_from(search);
}

Table::Match Table::find(std::string_view method, std::string_view path) const {
    Search search{nullptr, bit_of(method), path};
    return find_from(search);
}

std::vector<Table::Considered> Table::explain(http::RequestHead const& head) const {
    std::vector<Considered> out;
    Search search{
        .head = &head, .method = bit_of(head.method), .path = head.path(), .considered = &out};
    find_from(search);
    return out;
}

bool Table::knows(std::string_view path) const noexcept {
    Search search{nullptr, other_method, path};
    auto const match = find_from(search);
    return match.route != none || match.allow != 0;
}

Table::Match Table::find_from(Search& search) const noexcept {
    auto const path = search.path;
    if (!path.starts_with('/')) return {};
    for (std::size_t i = 0; i < spellings_.size(); ++i) {
        auto const& [prefix, node] = spellings_[i];
        if (!path.starts_with(prefix) || path.substr(prefix.size(), 1) != "/") continue;
        if (!walk(nodes_[node], path.substr(prefix.size()), search)) break;
        search.match.version = static_cast<int>(i);
        return search.match;
    }
    walk(nodes_[0], path, search);
    return search.match;
}

/// That of a fixed segment, however it is escaped; 0 for none.
std::size_t Table::next_fixed(Node const& node, std::string_view segment) noexcept {
    if (node.fixed.empty()) return 0;
    std::string room;
    segment = unescaped(segment, room);
    auto const found = std::ranges::lower_bound(node.fixed, segment, {},
                                                &std::pair<std::string, std::size_t>::first);
    return found != node.fixed.end() && found->first == segment ? found->second : 0;
}

/// Depth first: no deeper than the longest pattern.
bool Table::walk(Node const& node, std::string_view rest, Search& search) const noexcept {
    if (rest.empty() || rest == "/") {
        if (choose(node.here, search)) return true;
    } else {
        auto after = rest;
        auto const segment = next_segment(after);
        auto const fixed = next_fixed(node, segment);
        if (fixed != 0 && walk(nodes_[fixed], after, search)) return true;
        if (node.parameter != 0 && !segment.empty() && walk(nodes_[node.parameter], after, search))
            return true;
    }
    return choose(node.below, search);
}

bool Table::choose(std::span<std::size_t const> rules, Search& search) const noexcept {
    for (auto const index : rules) {
        auto const& rule = rules_[index];
        auto const why = misfit(rule, search);
        if (search.considered) search.considered->push_back({index, why});
        if (why.empty()) {
            search.match.route = static_cast<int>(index);
            return true;
        }
        if (!(rule.methods & search.method)) search.match.allow |= rule.methods & ~other_method;
    }
    return false;
}

/// Why a rule whose path fits does not take the request; empty when it does.
std::string_view Table::misfit(Rule const& rule, Search const& search) const noexcept {
    if (!(rule.methods & search.method)) return "another method";
    if (rule.unconditional()) return {};
    if (!search.head) return "more than a path is needed";
    auto const& head = *search.head;
    if (!rule.host.empty() && !same_host(rule.host, head.host)) return "another host";
    for (auto const& [name, value] : rule.fields)
        if (value == "*" ? !head.contains(name) : head.get(name) != value) return "another field";
    for (auto const& [name, value] : rule.query)
        if (!has_parameter(head.query(), name, value)) return "another query";
    return {};
}

std::vector<Table::Shadowed> Table::shadowed() const {
    std::vector<Shadowed> out;
    auto const look = [&](std::vector<std::size_t> const& rules) {
        for (std::size_t i = 0; i < rules.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) {
                auto const &later = rules_[rules[i]], &earlier = rules_[rules[j]];
                if (!earlier.unconditional() || (later.methods & ~earlier.methods)) continue;
                out.push_back({rules[i], rules[j]});
                break;
            }
    };
    for (auto const& node : nodes_) {
        look(node.here);
        look(node.below);
    }
    return out;
}

}  // namespace grover::gateway
