#include "reflect/codec.hpp"

#include <cmath>
#include <functional>
#include <set>

#include "base/encoding.hpp"
#include "base/limits.hpp"

namespace grover::reflect {

namespace {

/// Calls `use` with the name of each schema that a document refers to.
void for_each_reference(json::value const& in, std::function<void(std::string_view)> const& use) {
    constexpr std::string_view prefix = "#/components/schemas/";
    if (auto const* array = in.if_array())
        for (auto const& item : *array) for_each_reference(item, use);
    if (auto const* object = in.if_object())
        for (auto const& [name, value] : *object) {
            auto const* text = name == "$ref" ? value.if_string() : nullptr;
            if (text && text->starts_with(prefix))
                use(std::string_view(*text).substr(prefix.size()));
            else
                for_each_reference(value, use);
        }
}

}  // namespace

json::object Schemas::used_by(json::value const& document) const {
    std::set<std::string_view> used;
    std::function<void(std::string_view)> const use = [&](std::string_view name) {
        auto const found = named_.find(name);
        if (found == named_.end() || !used.insert(found->key()).second) return;
        for_each_reference(found->value(), use);
    };
    for_each_reference(document, use);
    json::object out;
    for (auto const& [name, schema] : named_)
        if (used.contains(name)) out.emplace(name, schema);
    return out;
}

std::string Issues::Path::to_string() const {
    std::string out = parent_ ? parent_->to_string() : std::string();
    if (!parent_) return out;
    out += '/';
    if (is_index_) return out += std::to_string(index_);
    for (char c : name_) {  // RFC 6901 section 3
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

void Issues::add_at(std::string pointer, std::string message) {
    constexpr std::size_t issues_max =
        100;  // A hostile body must not make a reply larger than itself.
    if (list_.size() < issues_max) list_.push_back({std::move(pointer), std::move(message)});
}

void Issues::add_rules(Issues const& rules) {
    auto const within = [](std::string_view inner, std::string_view outer) {
        return inner.starts_with(outer) &&
               (inner.size() == outer.size() || inner[outer.size()] == '/');
    };
    auto const known = list_;
    for (auto const& rule : rules.list_)
        if (std::ranges::none_of(known, [&](Issue const& issue) {
                return within(rule.pointer, issue.pointer) || within(issue.pointer, rule.pointer);
            }))
            add_at(rule.pointer, rule.message);
}

void Issues::check() const {
    if (!list_.empty()) throw Error(list_);
}

json::value parse(std::string_view text, json::storage_ptr storage) {
    json::parse_options options;
    options.max_depth = limits::json_depth_max;
    boost::system::error_code ec;
    auto value = json::parse({text.data(), text.size()}, ec, std::move(storage), options);
    if (ec == json::error::too_deep)
        throw Error(ErrorCode::malformed, "json_too_deep", "the JSON is nested too deeply");
    if (ec) throw Error(ErrorCode::malformed, "malformed_json", "the body is not valid JSON");
    return value;
}

void write_string(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    std::size_t plain = 0;  // start of the run that needs no escape
    for (std::size_t i = plain_prefix(text); i < text.size(); ++i) {
        auto const c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, plain, i - plain);
        plain = i + 1;
        out += '\\';
        switch (c) {
            case '"':
                out += '"';
                break;
            case '\\':
                out += '\\';
                break;
            case '\n':
                out += 'n';
                break;
            case '\r':
                out += 'r';
                break;
            case '\t':
                out += 't';
                break;
            default:
                out += "u00";
                out += hex[c >> 4];
                out += hex[c & 15];
        }
    }
    out.append(text, plain, text.size() - plain);
    out += '"';
}

void Codec<double>::write(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char text[32];
    auto const end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, end);
}

}  // namespace grover::reflect
