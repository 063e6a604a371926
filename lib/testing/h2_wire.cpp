#include "testing/h2_wire.hpp"

#include <nghttp2/nghttp2.h>

namespace grover::testing {
namespace {

std::uint32_t read_number(std::string_view bytes) {
    std::uint32_t out = 0;
    for (char const c : bytes.substr(0, 4)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
}

/// An integer of HPACK with 7 bits of prefix (RFC 7541 section 5.1), then the text.
void append_literal(std::string& out, std::string_view text) {
    auto left = text.size();
    if (left < 127) {
        out += static_cast<char>(left);
    } else {
        out += static_cast<char>(127);
        for (left -= 127; left >= 128; left >>= 7) out += static_cast<char>(0x80 | (left & 0x7f));
        out += static_cast<char>(left);
    }
    out += text;
}

}  // namespace

std::uint32_t h2::Frame::code() const {
    return read_number(std::string_view(payload).substr(type == goaway ? 4 : 0));
}

std::string h2::number(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
}

std::string h2::frame(std::uint8_t type, int flags, std::uint32_t stream,
                      std::string_view payload) {
    auto out = number(static_cast<std::uint32_t>(payload.size())).substr(1);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out.append(number(stream)).append(payload);
}

std::string h2::block(Fields const& fields) {
    std::string out;
    for (auto const& [name, value] : fields) {
        out += '\0';
        append_literal(out, name);
        append_literal(out, value);
    }
    return out;
}

struct H2Wire::Inflater {
    Inflater() { ::nghttp2_hd_inflate_new(&native); }
    ~Inflater() { ::nghttp2_hd_inflate_del(native); }

    h2::Fields read(std::string_view block) {
        h2::Fields out;
        auto const* at = reinterpret_cast<std::uint8_t const*>(block.data());
        auto const* const end = at + block.size();
        for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
            nghttp2_nv field{};
            auto const used = ::nghttp2_hd_inflate_hd2(native, &field, &flags, at,
                                                       static_cast<std::size_t>(end - at), 1);
            if (used < 0) return out;
            at += used;
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
                out.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                                 std::string(reinterpret_cast<char*>(field.value), field.valuelen));
        }
        ::nghttp2_hd_inflate_end_headers(native);
        return out;
    }

    nghttp2_hd_inflater* native = nullptr;
};

H2Wire::H2Wire(std::uint16_t port) : socket_(port), inflater_(std::make_unique<Inflater>()) {}

H2Wire::H2Wire(RawClient::Accepted accepted)
    : socket_(accepted), inflater_(std::make_unique<Inflater>()) {}

H2Wire::~H2Wire() = default;

h2::Fields H2Wire::inflate(std::string_view block) {
    return inflater_->read(block);
}

h2::Frame H2Wire::read_frame() {
    auto const head = socket_.read(9);
    if (head.size() < 9) return {.type = ended};
    h2::Frame out;
    out.type = static_cast<std::uint8_t>(head[3]);
    out.flags = static_cast<std::uint8_t>(head[4]);
    out.stream = read_number(std::string_view(head).substr(5));
    auto const size = read_number(std::string(1, '\0') + head.substr(0, 3));
    out.payload = socket_.read(size);
    if (out.payload.size() < size) return {.type = ended};
    if (out.type == h2::settings && (out.flags & h2::ack) == 0)
        send(h2::frame(h2::settings, h2::ack, 0));
    if (out.type == h2::ping && (out.flags & h2::ack) == 0)
        send(h2::frame(h2::ping, h2::ack, 0, out.payload));
    return out;
}

std::uint32_t H2Wire::read_goaway() {
    for (;;) {
        auto const frame = read_frame();
        if (frame.type == ended) return 0xffffffff;
        if (frame.type == h2::goaway) return frame.code();
    }
}

bool H2Wire::closed() {
    while (read_frame().type != ended) continue;
    return socket_.closed();
}

}  // namespace grover::testing
