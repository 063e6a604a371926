#include "user/input.hpp"

#include <algorithm>
#include <array>

#include <boost/url.hpp>

#include "base/case_fold.hpp"
#include "base/encoding.hpp"

namespace grover::user {
namespace {

constexpr std::size_t url_bytes_max = 2048;
constexpr std::size_t email_bytes_max = 254;
constexpr std::size_t email_local_bytes_max = 64;
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t name_max = 100;

/// White_Space beyond ASCII, and the byte order mark, which editors leave behind.
constexpr std::array<std::string_view, 20> wide_blanks{
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
    "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
    "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"};

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

/// Bytes of the control character (C0, DEL, C1) that `text` begins with; 0 where there is none.
std::size_t control_length(std::string_view text) noexcept {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (text.empty()) return 0;
    if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
    return byte(0) == 0xc2 && text.size() > 1 && byte(1) < 0xa0 ? 2 : 0;
}

bool has_blanks(std::string_view text) {
    return std::ranges::any_of(text, is_blank) ||
           std::ranges::any_of(wide_blanks, [&](auto blank) { return text.contains(blank); });
}

/// True when `text` is one or more parts between single dots, each of which satisfies `part_ok`.
template <class PartOk>
bool dotted(std::string_view text, PartOk part_ok) {
    for (;;) {
        auto const dot = text.find('.');
        if (auto const part = text.substr(0, dot); part.empty() || !part_ok(part)) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_label(std::string_view label) {
    return label.size() <= label_bytes_max && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(
               label, [](char c) { return is_letter_or_digit(c) || c == '-' || !is_ascii(c); });
}

/// Two labels at least, the last of them not a number.
bool is_domain(std::string_view domain) {
    auto const dot = domain.rfind('.');
    return dot != std::string_view::npos && domain.size() <= 253 && dotted(domain, is_label) &&
           !std::ranges::all_of(domain.substr(dot + 1), is_digit);
}

bool is_local_part(std::string_view local) {
    return local.size() <= email_local_bytes_max && dotted(local, [](std::string_view atom) {
               return std::ranges::all_of(atom, [](char c) {
                   return is_letter_or_digit(c) || !is_ascii(c) ||
                          std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
               });
           });
}

/// Boost.URL reads ASCII only; for the check, other bytes stand as escapes (RFC 3987 section 3.1).
std::string as_ascii(std::string_view text) {
    std::string out;
    for (char const c : text)
        out += is_ascii(c) ? std::string(1, c) : percent_encode(std::string_view(&c, 1));
    return out;
}

bool is_web_address(std::string_view text, bool public_host) {
    if (text.size() > url_bytes_max || has_controls(text) || has_blanks(text)) return false;
    auto const ascii = as_ascii(text);
    auto const url = boost::urls::parse_uri(ascii);
    if (!url || url->has_userinfo() || url->host().empty()) return false;
    if (url->scheme_id() != boost::urls::scheme::http &&
        url->scheme_id() != boost::urls::scheme::https)
        return false;
    if (url->has_port() && url->port_number() == 0) return false;
    // Boost 1.81 takes "//1.2.3.4.example" for a number followed by a path: rather refused than
    // misread.
    if (!url->encoded_path().empty() && !url->encoded_path().starts_with('/')) return false;
    return !public_host || url->host_type() != boost::urls::host_type::name ||
           is_domain(std::string(url->host()));
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
    for (bool again = true; again;) {
        again = false;
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
        while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
        for (auto const blank : wide_blanks) {
            if (text.starts_with(blank)) text.remove_prefix(blank.size()), again = true;
            if (text.ends_with(blank)) text.remove_suffix(blank.size()), again = true;
        }
    }
    return text;
}

bool has_controls(std::string_view text) noexcept {
    for (; !text.empty(); text.remove_prefix(1))
        if (control_length(text) > 0) return true;
    return false;
}

std::optional<std::string> checked_email(std::string_view text) {
    text = trimmed(text);
    auto const at = text.rfind('@');
    if (at == std::string_view::npos || text.size() > email_bytes_max || has_controls(text) ||
        has_blanks(text))
        return {};
    if (!is_local_part(text.substr(0, at)) || !is_domain(text.substr(at + 1))) return {};
    return std::string(text);
}

std::string email_key(std::string_view email) {
    return fold_case(email);
}

std::optional<std::string> checked_website(std::string_view text) {
    text = trimmed(text);
    // A scheme is only taken as one with its slashes: "example.org:8080" is a host with a port.
    std::string address = text.contains("://") ? std::string(text) : "https://" + std::string(text);
    if (!is_web_address(address, true)) return {};
    return address;
}

std::optional<std::string> checked_picture(std::string_view text) {
    text = trimmed(text);
    bool const local = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    if (local ? !is_web_address("https://local" + std::string(text), false)
              : !is_web_address(text, false))
        return {};
    return std::string(text);
}

std::string name_from_provider(std::string_view name, std::string_view email) {
    std::string clean;
    if (!is_valid_utf8(name)) name = {};
    while (!name.empty()) {
        auto const control = control_length(name);
        clean += control > 0 ? ' ' : name.front();
        name.remove_prefix(std::max<std::size_t>(control, 1));
    }
    auto const cut = trimmed(utf8_prefix(trimmed(clean), name_max));
    if (!cut.empty()) return std::string(cut);
    return std::string(utf8_prefix(email.substr(0, email.rfind('@')), name_max));
}

}  // namespace grover::user
