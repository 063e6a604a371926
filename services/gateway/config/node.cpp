#include "gateway/config/node.hpp"

#include <algorithm>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "gateway/config/syntax.hpp"

namespace grover::gateway::config {
namespace {

/// Ends the reading of a file that is too much to go on with; its problem has been added.
struct GivenUp {};

/// Builds the tree from yaml-cpp's events. Its own tree is not used: it forgets repeated keys and
/// follows aliases, so that a small file can be a huge tree.
class Builder final : public YAML::EventHandler {
public:
    Builder(std::string_view text, Problems& problems) : text_(text), problems_(problems) {}

    Node take() { return std::move(root_); }

    void OnDocumentStart(YAML::Mark const&) override {}
    void OnDocumentEnd() override {}
    void OnAnchor(YAML::Mark const& mark, std::string const&) override {
        problems_.add(line_of(mark), "anchors and aliases are not used here");
    }
    void OnAlias(YAML::Mark const& mark, YAML::anchor_t) override {
        problems_.add(line_of(mark), "anchors and aliases are not used here");
        place(make(Node::Kind::nothing, mark));
    }
    void OnNull(YAML::Mark const& mark, YAML::anchor_t) override {
        place(make(Node::Kind::nothing, mark));
    }
    void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t,
                  std::string const& value) override {
        check_tag(mark, tag);
        if (tag == "!") check_end(mark);
        // The plain forms of YAML's null; quoted ones have the tag "!".
        bool const null = tag != "!" && (value.empty() || value == "~" || value == "null");
        auto node = make(null ? Node::Kind::nothing : Node::Kind::scalar, mark);
        node.quoted = tag == "!";
        if (!null) node.text = value;
        place(std::move(node));
    }
    void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(make(Node::Kind::list, mark));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(make(Node::Kind::map, mark));
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        Node node;
        std::optional<Member> key;  // of a map, between a key and its value
    };

    static int line_of(YAML::Mark const& mark) { return mark.line + 1; }

    static Node make(Node::Kind kind, YAML::Mark const& mark) {
        Node node;
        node.kind = kind;
        node.line = line_of(mark);
        return node;
    }

    void check_tag(YAML::Mark const& mark, std::string const& tag) {
        if (!tag.empty() && tag != "?" && tag != "!")
            problems_.add(line_of(mark), "tags are not used here");
    }

    /// yaml-cpp takes the rest of the file for a quoted text that does not end.
    void check_end(YAML::Mark const& mark) {
        auto at = static_cast<std::size_t>(mark.pos);
        if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
        char const quote = text_[at++];
        for (; at < text_.size(); ++at) {
            bool const escapes = quote == '"' ? text_[at] == '\\' : text_.substr(at, 2) == "''";
            if (escapes)
                ++at;
            else if (text_[at] == quote)
                break;
        }
        if (at >= text_.size())
            problems_.add(line_of(mark), "the quote that begins here does not end",
                          mark.column + 1);
    }

    void open(Node node) {
        if (open_.size() == depth_max) {
            problems_.add(node.line, "nested too deeply");
            throw GivenUp();
        }
        open_.push_back({std::move(node), {}});
    }

    void close() {
        auto node = std::move(open_.back().node);
        open_.pop_back();
        place(std::move(node));
    }

    void place(Node node) {
        if (++nodes_ > nodes_max) {
            problems_.add(node.line, "the file has too many parts");
            throw GivenUp();
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        auto& [parent, key] = open_.back();
        if (parent.kind == Node::Kind::list) {
            parent.items.push_back(std::move(node));
        } else if (!key) {
            if (node.kind != Node::Kind::scalar) problems_.add(node.line, "a key must be text");
            if (parent.find(node.text))
                problems_.add(node.line, "the key '" + node.text + "' is there twice");
            key = Member{std::move(node.text), node.line, {}};
        } else {
            key->value = std::move(node);
            parent.members.push_back(std::move(*key));
            key.reset();
        }
    }

    std::string_view text_;
    Problems& problems_;
    Node root_;
    std::vector<Open> open_;
    std::size_t nodes_ = 0;
};

}  // namespace

void Problems::add(int line, std::string what, int column) {
    auto const after = std::ranges::upper_bound(
        list_, line, {}, [](Problem const& problem) { return problem.line; });
    list_.insert(after, {line, column, std::move(what)});
}

std::string Problems::print() const {
    std::string out;
    for (auto const& [line, column, what] : list_) {
        if (!out.empty()) out += '\n';
        out += file_;
        if (line > 0) out += ":" + std::to_string(line);
        if (column > 0) out += ":" + std::to_string(column);
        out += ": " + what;
    }
    return out;
}

Node const* Node::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find(members, name, &Member::name);
    return found == members.end() ? nullptr : &found->value;
}

std::string_view Node::kind_name() const noexcept {
    switch (kind) {
        case Kind::scalar:
            return "text";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a map";
        case Kind::nothing:
            break;
    }
    return "nothing";
}

Node parse(std::string_view text, Problems& problems) {
    if (text.size() > file_bytes_max) {
        problems.add(0, "the file is too large");
        return {};
    }
    std::istringstream in{std::string(text)};
    Builder builder(text, problems);
    try {
        YAML::Parser parser(in);
        if (parser.HandleNextDocument(builder) && parser)
            problems.add(0, "the file has more than one document");
    } catch (YAML::Exception const& e) {
        auto const [line, column, what] =
            explain_syntax(text, e.mark.line + 1, e.mark.column + 1, e.msg);
        problems.add(line, what, column);
    } catch (GivenUp const&) {
        return {};
    }
    return builder.take();
}

}  // namespace grover::gateway::config
