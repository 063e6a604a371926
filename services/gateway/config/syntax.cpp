#include "gateway/config/syntax.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace grover::gateway::config {
namespace {

constexpr auto npos = std::string_view::npos;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// Where the first character of a line is, its end for a line of blanks alone.
std::size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(" \t"), line.size());
}

bool says_nothing(std::string_view line) {
    auto const indent = indent_of(line);
    return indent == line.size() || line[indent] == '#';
}

/// A ':' that ends a key: a blank or nothing follows.
std::size_t find_key_end(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at)
        if (line[at] == ':' && (at + 1 == line.size() || line[at + 1] == ' ')) return at;
    return npos;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 40;
    if (text.size() <= shown_max) return "'" + std::string(text) + "'";
    return "'" + std::string(text.substr(0, shown_max)) + "...'";
}

class Explainer {
public:
    Explainer(std::string_view text, int line, int column)
        : lines_(lines_of(text)),
          line_(line),
          column_(column),
          here_(line >= 1 && at(line) ? *at(line) : std::string_view()) {}

    SyntaxProblem explain(std::string_view said) const {
        if (auto tab = indenting_tab()) return *tab;
        if (said == "illegal map value") return map_value();
        if (said == "end of map not found" || said == "end of sequence not found")
            return block_end();
        if (said == "end of map flow not found") return here("a ',' or the '}' is missing");
        if (said == "end of sequence flow not found") return here("a ',' or the ']' is missing");
        if (said == "illegal flow end")
            return here(quoted(character()) + " does not close what is open here");
        if (said == "unknown token")
            return here("a value cannot begin with " + quoted(character()) + ": put it in quotes");
        if (said == "illegal block entry") return here("a list item begins on a line of its own");
        if (said == "the referenced anchor is not defined")
            return here("anchors and aliases are not used here; text with a '*' goes in quotes");
        if (said.starts_with("unknown escape character"))
            return here("in double quotes a backslash is written twice");
        return here(std::string(said));
    }

private:
    std::optional<std::string_view> at(int line) const {
        auto const index = static_cast<std::size_t>(line - 1);
        return index < lines_.size() ? std::optional(lines_[index]) : std::nullopt;
    }
    SyntaxProblem here(std::string what) const { return {line_, column_, std::move(what)}; }
    std::string_view character() const {
        auto const index = static_cast<std::size_t>(std::max(column_ - 1, 0));
        return index < here_.size() ? here_.substr(index, 1) : std::string_view();
    }

    std::optional<SyntaxProblem> indenting_tab() const {
        for (int line = 1; line <= line_; ++line) {
            auto const text = at(line).value_or("");
            auto const tab = text.find('\t');
            if (!says_nothing(text) && tab < indent_of(text))
                return SyntaxProblem{line, static_cast<int>(tab) + 1,
                                     "a line is indented by blanks, not by a tab"};
        }
        return {};
    }

    SyntaxProblem map_value() const {
        if (find_key_end(here_) + 1 < static_cast<std::size_t>(column_))
            return here("a second ': ' in one value: put the value in quotes");
        return wrong_place();
    }

    SyntaxProblem block_end() const {
        if (indent_of(here_) + 1 < static_cast<std::size_t>(column_))
            return here("something stands behind the value: put all of it in quotes");
        return wrong_place();
    }

    /// A line where it cannot be: perhaps the one above was meant to be a key.
    SyntaxProblem wrong_place() const {
        int above = line_ - 1;
        while (above > 0 && says_nothing(*at(above))) --above;
        auto const text = above > 0 ? *at(above) : std::string_view("-");
        auto const word = text.substr(indent_of(text));
        if (find_key_end(text) == npos && !word.starts_with('-')) {
            if (auto const colon = text.find(':'); colon != npos)
                return {above, static_cast<int>(colon) + 2, "a blank is missing behind ':'"};
            return {above, static_cast<int>(text.size()) + 1,
                    "a ':' is missing behind " + quoted(word)};
        }
        if (here_.substr(indent_of(here_)).starts_with("- "))
            return here("a list item among the keys of a map");
        return here("this line is indented otherwise than what it belongs to");
    }

    std::vector<std::string_view> lines_;
    int line_;
    int column_;
    std::string_view here_;
};

}  // namespace

SyntaxProblem explain_syntax(std::string_view text, int line, int column, std::string_view said) {
    return Explainer(text, line, column).explain(said);
}

}  // namespace grover::gateway::config
