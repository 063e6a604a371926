#include "http/cache_control.hpp"

#include <algorithm>

#include "http/characters.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"

namespace grover::http {
namespace {

struct Directive {
    std::string_view name;
    std::string_view value;  // as it stands, quotes included
    bool has_value = false;
};

Directive split(std::string_view member) noexcept {
    auto const equals = member.find('=');
    if (equals == member.npos) return {member, {}, false};
    return {member.substr(0, equals), member.substr(equals + 1), true};
}

/// The lifetime of a directive that has one. Blanks around "=" are no syntax: whoever wrote them
/// may mean anything, so the answer is stale.
void shorten(DeltaSeconds& lifetime, Directive const& directive) noexcept {
    auto const seconds = parse_delta_seconds(directive.value).value_or(0);
    lifetime = lifetime ? std::min(*lifetime, seconds) : seconds;
}

/// The names in no-cache="..." and private="...".
void add_names(std::vector<std::string>& names, std::string_view list) {
    if (list.size() < 2 || !list.starts_with('"') || !list.ends_with('"')) return;
    list = list.substr(1, list.size() - 2);
    while (!list.empty())
        if (auto const name = next_member(list); is_token(name)) names.emplace_back(name);
}

void apply(CacheControl& to, Directive const& directive) {
    auto const is = [&](std::string_view name) { return same_token(trim(directive.name), name); };
    // A directive with spoilt field names counts for the whole answer.
    auto const flag_or_names = [&](bool& flag) {
        auto const before = to.fields.size();
        if (directive.has_value) add_names(to.fields, directive.value);
        if (to.fields.size() == before) flag = true;
    };
    bool const spoilt = directive.name != trim(directive.name);
    auto const lifetime = [&](DeltaSeconds& of) {
        shorten(of, spoilt ? Directive{directive.name, {}, true} : directive);
    };
    if (is("max-age"))
        lifetime(to.max_age);
    else if (is("s-maxage"))
        lifetime(to.s_maxage);
    else if (is("no-store"))
        to.no_store = true;
    else if (is("no-cache"))
        flag_or_names(to.no_cache);
    else if (is("private"))
        flag_or_names(to.is_private);
    else if (is("public"))
        to.is_public = true;
    else if (is("must-revalidate"))
        to.must_revalidate = true;
    else if (is("proxy-revalidate"))
        to.proxy_revalidate = true;
    else if (is("must-understand"))
        to.must_understand = true;
    else if (is("no-transform"))
        to.no_transform = true;
    else if (is("stale-while-revalidate"))
        lifetime(to.stale_while_revalidate);
    else if (is("stale-if-error"))
        lifetime(to.stale_if_error);
}

/// Reads a dictionary of RFC 8941 section 4.2.2 member by member.
class DictionaryReader {
public:
    explicit DictionaryReader(std::string_view text) : rest_(trim(text)) {}

    enum class Type { boolean, integer, other };
    struct Member {
        std::string_view key;
        Type type = Type::boolean;
        std::int64_t integer = 1;  // booleans: 0 or 1
    };

    bool at_end() const noexcept { return rest_.empty(); }

    /// False when the text is no dictionary.
    bool next(Member& member) noexcept {
        member = {};
        if (!read_key(member.key)) return false;
        if (skip('=') && !read_value(member)) return false;
        if (!skip_parameters()) return false;
        blanks();
        if (rest_.empty()) return true;
        if (!skip(',')) return false;
        blanks();
        return !rest_.empty();  // no trailing comma
    }

private:
    bool skip(char c) noexcept {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void blanks() noexcept {
        while (skip(' ') || skip('\t')) {
        }
    }
    template <class Predicate>
    std::string_view run(Predicate fits) noexcept {
        std::size_t size = 0;
        while (size < rest_.size() && fits(rest_[size])) ++size;
        auto const found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }

    bool read_key(std::string_view& key) noexcept {
        auto const letter = [](char c) { return c >= 'a' && c <= 'z'; };
        if (rest_.empty() || !(letter(rest_[0]) || rest_[0] == '*')) return false;
        key = run([&](char c) {
            return letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
        });
        return true;
    }

    bool read_value(Member& member) noexcept {
        if (skip('(')) {
            member.type = Type::other;
            return read_inner_list();
        }
        return read_item(member);
    }

    bool read_inner_list() noexcept {
        for (;;) {
            while (skip(' ')) {
            }
            if (skip(')')) return true;
            Member item;
            if (!read_item(item) || !skip_parameters()) return false;
            if (rest_.empty() || (rest_[0] != ' ' && rest_[0] != ')')) return false;
        }
    }

    bool read_item(Member& member) noexcept {
        if (rest_.empty()) return false;
        char const first = rest_[0];
        if (first == '-' || is_digit(first)) return read_number(member);
        if (first == '?') return read_boolean(member);
        member.type = Type::other;
        if (first == '"') return read_string();
        if (first == ':') return read_bytes();
        bool const token = first == '*' || is_letter(first);
        run([](char c) { return is_token_character(c) || c == ':' || c == '/'; });
        return token;
    }

    static bool is_letter(char c) noexcept { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

    bool read_number(Member& member) noexcept {
        bool const negative = skip('-');
        auto const digits = run(is_digit);
        if (digits.empty() || digits.size() > 15) return false;
        std::int64_t value = 0;
        for (char const c : digits) value = value * 10 + (c - '0');
        member.type = Type::integer;
        member.integer = negative ? -value : value;
        if (!skip('.')) return true;
        member.type = Type::other;  // a decimal
        auto const fraction = run(is_digit);
        return digits.size() <= 12 && !fraction.empty() && fraction.size() <= 3;
    }

    bool read_boolean(Member& member) noexcept {
        rest_.remove_prefix(1);
        member.integer = skip('1') ? 1 : 0;
        return member.integer == 1 || skip('0');
    }

    bool read_string() noexcept {
        for (rest_.remove_prefix(1); !rest_.empty();) {
            char const c = rest_[0];
            rest_.remove_prefix(1);
            if (c == '"') return true;
            if (c < 0x20 || c > 0x7e) return false;
            if (c == '\\' && !skip('"') && !skip('\\')) return false;
        }
        return false;
    }

    bool read_bytes() noexcept {
        rest_.remove_prefix(1);
        run([](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/' || c == '='; });
        return skip(':');
    }

    bool skip_parameters() noexcept {
        while (skip(';')) {
            while (skip(' ')) {
            }
            std::string_view key;
            Member value;
            if (!read_key(key) || (skip('=') && !read_item(value))) return false;
        }
        return true;
    }

    std::string_view rest_;
};

/// False when the member's type is not the directive's.
bool apply_targeted(CacheControl& to, DictionaryReader::Member const& member) {
    using Type = DictionaryReader::Type;
    struct Lifetime {
        std::string_view name;
        DeltaSeconds CacheControl::* field;
    };
    static constexpr Lifetime lifetimes[]{
        {"max-age", &CacheControl::max_age},
        {"s-maxage", &CacheControl::s_maxage},
        {"stale-while-revalidate", &CacheControl::stale_while_revalidate},
        {"stale-if-error", &CacheControl::stale_if_error}};
    for (auto const& [name, field] : lifetimes) {
        if (member.key != name) continue;
        if (member.type != Type::integer || member.integer < 0) return false;
        to.*field = static_cast<std::uint32_t>(
            std::min<std::int64_t>(member.integer, delta_seconds_max));  // the last one counts
        return true;
    }
    struct Flag {
        std::string_view name;
        bool CacheControl::* field;
    };
    static constexpr Flag flags[]{{"no-store", &CacheControl::no_store},
                                  {"no-cache", &CacheControl::no_cache},
                                  {"private", &CacheControl::is_private},
                                  {"public", &CacheControl::is_public},
                                  {"must-revalidate", &CacheControl::must_revalidate},
                                  {"proxy-revalidate", &CacheControl::proxy_revalidate},
                                  {"must-understand", &CacheControl::must_understand},
                                  {"no-transform", &CacheControl::no_transform}};
    for (auto const& [name, field] : flags)
        // A string of field names narrows the directive; taken for the whole answer it is safe.
        if (member.key == name) to.*field = member.type != Type::boolean || member.integer == 1;
    return true;
}

}  // namespace

DeltaSeconds parse_delta_seconds(std::string_view text) noexcept {
    if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
        text = text.substr(1, text.size() - 2);
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return {};
    std::uint64_t value = 0;
    for (char const c : text)
        value = std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(c - '0'),
                                        delta_seconds_max);
    return static_cast<std::uint32_t>(value);
}

void CacheControl::add(std::string_view line) {
    present = true;
    while (!line.empty()) apply(*this, split(next_member(line)));
}

void RequestCacheControl::add(std::string_view line) noexcept {
    while (!line.empty()) {
        auto const directive = split(next_member(line));
        auto const is = [&](std::string_view name) { return same_token(directive.name, name); };
        if (is("no-cache"))
            no_cache = true;
        else if (is("no-store"))
            no_store = true;
        else if (is("only-if-cached"))
            only_if_cached = true;
        else if (is("no-transform"))
            no_transform = true;
        else if (is("max-age"))
            shorten(max_age, directive);
        else if (is("min-fresh"))
            min_fresh = parse_delta_seconds(directive.value);
        else if (is("stale-if-error"))
            stale_if_error = parse_delta_seconds(directive.value);
        else if (is("max-stale"))
            max_stale = directive.has_value ? parse_delta_seconds(directive.value)
                                            : DeltaSeconds(delta_seconds_max);
    }
}

std::optional<CacheControl> parse_targeted(std::string_view value) {
    CacheControl out;
    DictionaryReader reader(value);
    if (reader.at_end()) return {};
    while (!reader.at_end()) {
        DictionaryReader::Member member;
        if (!reader.next(member) || !apply_targeted(out, member)) return {};
    }
    out.present = true;
    return out;
}

std::optional<CacheControl> parse_surrogate(std::string_view value, std::string_view name) {
    CacheControl out;
    while (!value.empty()) {
        auto target = next_member(value);
        auto const directive = next_member(target, ';');
        if (directive.empty() || (!target.empty() && !same_token(trim(target), name))) continue;
        apply(out, split(directive));
        out.present = true;
    }
    if (!out.present) return {};
    return out;
}

}  // namespace grover::http
