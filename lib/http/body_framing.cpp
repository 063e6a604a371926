#include "http/body_framing.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.hpp"
#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::http {
namespace {

constexpr std::uint8_t chunk_digits_max = 16;
constexpr std::uint32_t chunk_extension_bytes_max = 256;

constexpr std::array<std::string_view, 6> refused_trailers{
    "Content-Length", "Transfer-Encoding", "Host", "Connection", "Trailer", "Authorization",
};

}  // namespace

bool is_refused_trailer(std::string_view name) noexcept {
    return std::ranges::any_of(refused_trailers,
                               [&](auto refused) { return same_token(refused, name); });
}

std::optional<std::uint64_t> content_length(std::string_view text) noexcept {
    // from_chars alone would take "1x" and nothing checks an empty text. "010" is ten here and
    // eight elsewhere.
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return {};
    if (text.size() > 1 && text[0] == '0') return {};
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return {};
    return value;
}

BodyFraming BodyFraming::of_length(std::uint64_t bytes) noexcept {
    BodyFraming out;
    out.kind_ = Kind::length;
    out.remaining_ = bytes;
    out.state_ = bytes == 0 ? State::done : State::data;
    return out;
}

BodyFraming BodyFraming::chunked() noexcept {
    BodyFraming out;
    out.kind_ = Kind::chunked;
    out.state_ = State::size;
    return out;
}

BodyFraming BodyFraming::until_close() noexcept {
    BodyFraming out;
    out.kind_ = Kind::until_close;
    out.remaining_ = ~std::uint64_t(0);
    out.state_ = State::data;
    return out;
}

BodyFraming::Step BodyFraming::next(std::string_view bytes) noexcept {
    std::size_t used = 0;
    while (used < bytes.size() && state_ < State::done) {
        if (state_ != State::data) {
            bool const last_size_line = state_ == State::size_lf;
            state_ = step(bytes[used++]);
            if (last_size_line && state_ == State::trailer) return {used, {}};
            continue;
        }
        auto const piece = bytes.substr(
            used, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size())));
        if (kind_ != Kind::until_close) remaining_ -= piece.size();
        if (remaining_ == 0) state_ = kind_ == Kind::chunked ? State::data_cr : State::done;
        return {used + piece.size(), piece};
    }
    return {used, {}};
}

std::size_t BodyFraming::skip(std::string_view bytes) noexcept {
    std::size_t used = 0;
    while (used < bytes.size() && state_ < State::done) used += next(bytes.substr(used)).used;
    return used;
}

BodyFraming::State BodyFraming::step(char c) noexcept {
    switch (state_) {
        case State::size:
            return on_size(c);
        case State::extension:
            if (c == '\r') return State::size_lf;
            if (!is_value_character(c) || ++overhead_ > chunk_extension_bytes_max)
                return State::malformed;
            return State::extension;
        case State::size_lf:
            if (c != '\n') return State::malformed;
            digits_ = 0;
            overhead_ = 0;
            return remaining_ > 0 ? State::data : State::trailer;
        case State::data_cr:
            return c == '\r' ? State::data_lf : State::malformed;
        case State::data_lf:
            return c == '\n' ? State::size : State::malformed;
        case State::trailer:
            if (c == '\r') return State::end_lf;
            name_size_ = 0;
            return on_trailer_name(c);
        case State::trailer_name:
            return on_trailer_name(c);
        case State::trailer_value:
            if (c == '\r') return State::trailer_lf;
            if (!is_value_character(c) || ++overhead_ > limits::header_bytes_max)
                return State::malformed;
            return State::trailer_value;
        case State::trailer_lf:
            return c == '\n' ? State::trailer : State::malformed;
        case State::end_lf:
            return c == '\n' ? State::done : State::malformed;
        case State::data:
        case State::done:
        case State::malformed:
            break;
    }
    return State::malformed;
}

BodyFraming::State BodyFraming::on_size(char c) noexcept {
    if (int const digit = hex_value(c); digit >= 0) {
        if (++digits_ > chunk_digits_max) return State::malformed;
        remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
        // Who counts with a sign would take it for a negative number.
        return remaining_ >> 63 == 0 ? State::size : State::malformed;
    }
    if (digits_ == 0) return State::malformed;
    if (c == '\r') return State::size_lf;
    return c == ';' ? State::extension : State::malformed;
}

BodyFraming::State BodyFraming::on_trailer_name(char c) noexcept {
    if (++overhead_ > limits::header_bytes_max) return State::malformed;
    if (c == ':') {
        bool const refused = name_size_ == 0 || is_refused_trailer({name_.data(), name_size_});
        return refused ? State::malformed : State::trailer_value;
    }
    if (!is_token_character(c)) return State::malformed;
    if (name_size_ < name_.size()) name_[name_size_++] = c;
    return State::trailer_name;
}

}  // namespace grover::http
