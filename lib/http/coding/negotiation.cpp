#include "http/coding/negotiation.hpp"

#include <algorithm>
#include <array>

#include "http/characters.hpp"
#include "http/fields.hpp"
#include "http/message.hpp"

namespace grover::http {
namespace {

/// qvalue of RFC 9110 section 12.4.2 in thousandths; 0 for what is none.
int parse_weight(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    int value = (text[0] - '0') * 1000;
    if (text.size() == 1) return value;
    if (text[1] != '.') return 0;
    int scale = 100;
    for (char const c : text.substr(2)) {
        if (!is_digit(c)) return 0;
        value += (c - '0') * scale;
        scale /= 10;
    }
    return value <= 1000 ? value : 0;
}

struct Preference {
    std::string_view name;
    int weight = 1000;
};

Preference parse_preference(std::string_view member) noexcept {
    Preference out;
    out.name = next_member(member, ';');
    while (!member.empty()) {
        auto parameter = next_member(member, ';');
        auto const name = next_member(parameter, '=');
        if (same_token(name, "q")) out.weight = parse_weight(parameter);
    }
    return out;
}

bool names(std::string_view name, Coding coding) noexcept {
    return same_token(name, name_of(coding)) ||
           (coding == Coding::gzip && same_token(name, "x-gzip"));
}

}  // namespace

Coding choose_coding(std::string_view accept_encoding, std::span<Coding const> offered) noexcept {
    constexpr int unnamed = -1;
    std::array<int, codings> weights;
    weights.fill(unnamed);
    int others = unnamed;  // of "*"
    while (!accept_encoding.empty()) {
        auto const [name, weight] = parse_preference(next_member(accept_encoding));
        if (name == "*") others = weight;
        for (std::size_t i = 0; i < codings; ++i)
            if (names(name, static_cast<Coding>(i))) weights[i] = weight;
    }
    Coding best = Coding::identity;
    // Unless it is named, identity is what remains when nothing else is liked.
    int liked = std::max(weights[static_cast<std::size_t>(Coding::identity)], 0);
    for (Coding const coding : offered) {
        auto const named = weights[static_cast<std::size_t>(coding)];
        int const weight = named == unnamed ? others : named;
        bool const better =
            best == Coding::identity ? weight > 0 && weight >= liked : weight > liked;
        if (!better) continue;
        best = coding;
        liked = weight;
    }
    return best;
}

bool is_compressible(std::string_view content_type) noexcept {
    auto const type = next_member(content_type, ';');
    auto const slash = type.find('/');
    if (slash == type.npos) return false;
    auto const family = type.substr(0, slash), member = type.substr(slash + 1);
    if (same_token(family, "text")) return !same_token(member, "event-stream");
    auto const plus = member.rfind('+');
    if (plus != member.npos) {
        auto const syntax = member.substr(plus + 1);
        return same_token(syntax, "json") || same_token(syntax, "xml");
    }
    constexpr std::array<std::string_view, 12> known{"application/json",
                                                     "application/xml",
                                                     "application/javascript",
                                                     "application/x-javascript",
                                                     "application/x-ndjson",
                                                     "application/graphql",
                                                     "application/wasm",
                                                     "application/yaml",
                                                     "application/vnd.ms-fontobject",
                                                     "font/ttf",
                                                     "font/otf",
                                                     "image/bmp"};
    return std::ranges::any_of(known, [&](auto one) { return same_token(type, one); });
}

bool may_encode(EncodingFacts const& facts) noexcept {
    if (facts.status < 200 || facts.status == 204 || facts.status == 304 || facts.status == 206)
        return false;
    if (facts.sets_cookie || facts.is_range) return false;
    if (!facts.content_encoding.empty() && !same_token(facts.content_encoding, "identity"))
        return false;
    if (facts.length && *facts.length < facts.bytes_min) return false;
    return is_compressible(facts.content_type) && !has_member(facts.cache_control, "no-transform");
}

std::string weak_etag(std::string_view etag) {
    std::string out;
    if (!etag.empty() && !etag.starts_with("W/")) out = "W/";
    out += etag;
    return out;
}

}  // namespace grover::http
