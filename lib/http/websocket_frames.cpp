#include "http/websocket_frames.hpp"

#include <algorithm>
#include <array>

namespace grover::http::websocket {
namespace {

constexpr unsigned char opcode_bits = 0x0f, opcode_close = 0x08, final_bit = 0x80;
constexpr unsigned char mask_bit = 0x80, length_bits = 0x7f;
constexpr unsigned char length_of_2_bytes = 126, length_of_8_bytes = 127;
constexpr std::size_t mask_bytes = 4;
constexpr std::size_t reason_bytes_max = 123;

}  // namespace

std::size_t FrameFollower::header_size() const noexcept {
    if (header_bytes_ < 2) return 2;
    auto const length = header_[1] & length_bits;
    return length == length_of_2_bytes ? 4 : length == length_of_8_bytes ? 10 : 2;
}

void FrameFollower::begin_payload() noexcept {
    auto const size = header_size();
    payload_left_ = size == 2 ? header_[1] & length_bits : 0;
    for (std::size_t i = 2; i < size; ++i) payload_left_ = payload_left_ << 8 | header_[i];
    payload_left_ &= ~std::uint64_t{0} >> 1;  // as the RFC has it
    if (header_[1] & mask_bit) payload_left_ += mask_bytes;
    closed_ = closed_ || (header_[0] & opcode_bits) == opcode_close;
    header_bytes_ = 0;
}

void FrameFollower::follow(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        if (payload_left_ > 0) {
            auto const used = std::min<std::uint64_t>(payload_left_, bytes.size());
            payload_left_ -= used;
            bytes.remove_prefix(static_cast<std::size_t>(used));
            continue;
        }
        header_[header_bytes_++] = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        if (header_bytes_ >= 2 && header_bytes_ == header_size()) begin_payload();
    }
}

std::string close_frame(std::uint16_t code, std::string_view reason,
                        std::optional<std::uint32_t> mask) {
    reason = reason.substr(0, reason_bytes_max);
    std::string out{static_cast<char>(final_bit | opcode_close),
                    static_cast<char>((mask ? mask_bit : 0) | (reason.size() + 2))};
    std::array<char, mask_bytes> key{};
    if (mask) {
        for (std::size_t i = 0; i < key.size(); ++i)
            key[i] = static_cast<char>(*mask >> (8 * i) & 0xff);
        out.append(key.data(), key.size());
    }
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    payload += reason;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ key[i % key.size()]);
    return out;
}

}  // namespace grover::http::websocket
