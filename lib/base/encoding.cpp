#include "base/encoding.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace grover {
namespace {

constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view bytes, std::string_view letters) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int have = 0;
    for (char const raw : bytes) {
        auto const byte = static_cast<unsigned char>(raw);
        bits = bits << 8 | byte;
        for (have += 8; have >= 6; have -= 6) out += letters[bits >> (have - 6) & 63];
    }
    if (have > 0) out += letters[bits << (6 - have) & 63];
    return out;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char const lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Length of the well-formed sequence at the front of `text` (Unicode 15 table 3-7), 0 when there
/// is none.
std::size_t sequence_length(std::string_view text) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const tail = [&](std::size_t i) { return i < text.size() && (at(i) & 0xc0) == 0x80; };
    unsigned char const lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (!tail(1) || !tail(2)) return 0;
        if (lead == 0xe0 && at(1) < 0xa0) return 0;
        if (lead == 0xed && at(1) > 0x9f) return 0;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (!tail(1) || !tail(2) || !tail(3)) return 0;
        if (lead == 0xf0 && at(1) < 0x90) return 0;
        if (lead == 0xf4 && at(1) > 0x8f) return 0;
        return 4;
    }
    return 0;
}

/// Eight bytes as one number, and a number with the same value in each of its bytes.
std::uint64_t eight(char const* bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}
constexpr std::uint64_t every(std::uint64_t byte) noexcept {
    return byte * 0x0101010101010101u;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    static constexpr auto pairs = [] {
        constexpr std::string_view letters = "0123456789abcdef";
        std::array<std::array<char, 2>, 256> out{};
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = {letters[i >> 4], letters[i & 15]};
        return out;
    }();
    std::string out(bytes.size() * 2, '\0');
    auto* to = out.data();
    for (char const byte : bytes) {
        std::memcpy(to, pairs[static_cast<unsigned char>(byte)].data(), 2);
        to += 2;
    }
    return out;
}

std::string to_base64url(std::string_view bytes) {
    return base64(bytes, url_alphabet);
}

std::string to_base64(std::string_view bytes) {
    std::string out = base64(bytes, alphabet);
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return {};
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int have = 0;
    for (char c : text) {
        auto const value = url_alphabet.find(c);
        if (value == std::string_view::npos) return {};
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if ((have += 6) >= 8) out += static_cast<char>(bits >> (have -= 8) & 0xff);
    }
    if ((bits & ((1u << have) - 1)) != 0)
        return {};  // Left-over bits must be zero: one text per value.
    return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            int const high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            int const low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return {};
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    if (!is_valid_utf8(out)) return {};
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view letters = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (char const raw : text) {
        auto const c = static_cast<unsigned char>(raw);
        bool const plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += letters[c >> 4];
            out += letters[c & 15];
        }
    }
    return out;
}

std::size_t plain_prefix(std::string_view text) noexcept {
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        auto const word = eight(text.data() + at);
        // The high bit of a byte says that it is below a space, or (after the xor) zero.
        auto const quote = word ^ every(0x22), backslash = word ^ every(0x5c);
        auto const stops =
            (word - every(0x20)) | (quote - every(1)) | (backslash - every(1)) | word;
        if (stops & every(0x80)) break;
    }
    for (; at < text.size(); ++at) {
        auto const c = static_cast<unsigned char>(text[at]);
        if (c < 0x20 || c > 0x7f || c == '"' || c == '\\') break;
    }
    return at;
}

bool is_valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        if (text.size() >= 8 && (eight(text.data()) & every(0x80)) == 0) {
            text.remove_prefix(8);
            continue;
        }
        auto const length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t utf8_length(std::string_view text) noexcept {
    std::size_t count = 0;
    for (char const c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return count;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && max-- == 0)
            return text.substr(0, i);
    return text;
}

}  // namespace grover
