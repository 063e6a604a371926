#include "post/tags.hpp"

#include <algorithm>
#include <cstdint>

#include "base/case_fold.hpp"
#include "base/encoding.hpp"

namespace grover::post {
namespace {

/// Beyond ASCII, what is neither letter, digit nor mark: blocks of punctuation, symbols and
/// controls (Unicode 15, Blocks.txt). Joiners (U+200C, U+200D) are not among them: words of
/// Persian and Indic scripts need them.
struct Range {
    char32_t first, last;
};
constexpr Range other[] = {
    {0x0080, 0x00a9},   {0x00ab, 0x00b4},   {0x00b6, 0x00b9}, {0x00bb, 0x00bf}, {0x00d7, 0x00d7},
    {0x00f7, 0x00f7},   {0x037e, 0x037e},   {0x0387, 0x0387}, {0x055a, 0x055f}, {0x05be, 0x05be},
    {0x060c, 0x060d},   {0x061b, 0x061f},   {0x066a, 0x066d}, {0x06d4, 0x06d4}, {0x0964, 0x0965},
    {0x1680, 0x1680},   {0x2000, 0x200b},   {0x200e, 0x209f}, {0x20a0, 0x20cf}, {0x2100, 0x2101},
    {0x2103, 0x2106},   {0x2190, 0x2bff},   {0x2e00, 0x2e7f}, {0x3000, 0x3004}, {0x3007, 0x3020},
    {0x3030, 0x3030},   {0x30fb, 0x30fb},   {0xd800, 0xf8ff}, {0xfe10, 0xfe1f}, {0xfe30, 0xfe6f},
    {0xfeff, 0xff0f},   {0xff1a, 0xff20},   {0xff3b, 0xff40}, {0xff5b, 0xff65}, {0xffe0, 0xffff},
    {0x1f000, 0x1faff}, {0xe0000, 0x10ffff}};

bool is_digit(char32_t c) {
    return c >= '0' && c <= '9';
}

bool is_word(char32_t c) {
    if (c < 0x80) return is_digit(c) || (c | 0x20) - 'a' < 26 || c == '_';
    auto const after = std::ranges::upper_bound(other, c, {}, &Range::first);
    return after == std::begin(other) || c > std::prev(after)->last;
}

/// Walks valid UTF-8 code point by code point.
struct Cursor {
    std::string_view text;
    std::size_t at = 0;

    bool end() const { return at >= text.size(); }
    std::size_t length() const {
        auto const lead = static_cast<unsigned char>(text[at]);
        return lead < 0x80 ? 1u : lead < 0xe0 ? 2u : lead < 0xf0 ? 3u : 4u;
    }
    char32_t peek() const {
        auto const lead = static_cast<unsigned char>(text[at]);
        auto const bytes = length();
        char32_t c = bytes == 1 ? lead : lead & (0xffu >> (bytes + 1));
        for (std::size_t i = 1; i < bytes && at + i < text.size(); ++i)
            c = c << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
        return c;
    }
    void next() { at += length(); }
};

/// The run of word characters at the cursor, which moves past it. Empty when it is too long or has
/// nothing but digits.
std::string_view take_tag(Cursor& cursor) {
    auto const begin = cursor.at;
    std::size_t length = 0;
    bool more_than_digits = false;
    for (; !cursor.end() && is_word(cursor.peek()); cursor.next(), ++length)
        more_than_digits |= !is_digit(cursor.peek());
    if (length > tag_length_max || !more_than_digits) return {};
    return cursor.text.substr(begin, cursor.at - begin);
}

bool is_id_char(char32_t c) {
    return c == '-' || (c < 0x80 && is_word(c));
}

template <class T>
void add_once(std::vector<T>& list, T value, std::size_t max) {
    if (list.size() < max && std::ranges::find(list, value) == list.end())
        list.push_back(std::move(value));
}

}  // namespace

std::vector<std::string> hashtags_in(std::string_view text) {
    std::vector<std::string> out;
    Cursor cursor{text};
    for (char32_t before = ' '; !cursor.end();) {
        auto const c = cursor.peek();
        cursor.next();
        bool const sign = c == '#' || c == 0xff03;
        if (sign && !is_word(before) && before != '#' && before != '/' && before != '&') {
            if (auto const tag = take_tag(cursor); !tag.empty())
                add_once(out, fold_case(tag), tags_max);
            before = sign ? U'#' : c;
        } else {
            before = c;
        }
    }
    return out;
}

std::vector<UserId> mentions_in(std::string_view text) {
    std::vector<UserId> out;
    for (std::size_t at = 0; (at = text.find("@user_", at)) != std::string_view::npos;) {
        bool const begins_word =
            at == 0 || (!is_id_char(static_cast<unsigned char>(text[at - 1])) &&
                        static_cast<unsigned char>(text[at - 1]) < 0x80);
        auto const id = text.substr(at + 1);
        auto const end =
            std::ranges::find_if_not(id, [](unsigned char c) { return is_id_char(c); });
        auto const length = static_cast<std::size_t>(end - id.begin());
        if (begins_word)
            if (auto parsed = UserId::parse(id.substr(0, length)))
                add_once(out, *std::move(parsed), tagged_users_max);
        at += 1 + length;
    }
    return out;
}

std::optional<std::string> as_tag(std::string_view text) {
    if (text.starts_with("#")) text.remove_prefix(1);
    if (text.starts_with("＃")) text.remove_prefix(std::string_view("＃").size());
    Cursor cursor{text};
    auto const tag = is_valid_utf8(text) ? take_tag(cursor) : std::string_view();
    if (tag.empty() || !cursor.end()) return {};
    return fold_case(tag);
}

}  // namespace grover::post
