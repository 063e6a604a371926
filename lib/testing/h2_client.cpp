#include "testing/h2_client.hpp"

#include <charconv>

namespace grover::testing {

H2Client::H2Client(std::uint16_t port, std::string_view settings) : H2Wire(port) {
    send(std::string(preface) + h2::frame(h2::settings, 0, 0, settings));
}

H2Client::H2Client(std::uint16_t port, TlsWish const& wish) : H2Wire(port) {
    socket_.start_tls(wish);
    send(std::string(preface) + h2::frame(h2::settings, 0, 0));
}

std::string H2Client::request(std::uint32_t stream, std::string_view method, std::string_view path,
                              h2::Fields const& more, int flags) {
    h2::Fields fields{{":method", std::string(method)},
                      {":scheme", "http"},
                      {":path", std::string(path)},
                      {":authority", "x"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return h2::frame(h2::headers, flags, stream, h2::block(fields));
}

void H2Client::take(h2::Frame const& frame) {
    auto& reply = replies_[frame.stream];
    if (frame.type == h2::headers) {
        bool const trailers = reply.status >= 200;
        for (auto const& [name, value] : inflate(frame.payload)) {
            if (name == ":status")
                std::from_chars(value.data(), value.data() + value.size(), reply.status);
            else
                (trailers ? reply.trailers : reply.headers).add(name, value);
        }
    } else if (frame.type == h2::data) {
        reply.body += frame.payload;
        if (window_updates_ && !frame.payload.empty()) {
            auto const size = h2::number(static_cast<std::uint32_t>(frame.payload.size()));
            send(h2::frame(h2::window_update, 0, 0, size) +
                 h2::frame(h2::window_update, 0, frame.stream, size));
        }
    } else if (frame.type == h2::rst_stream) {
        reply.reset = frame.code();
    }
    bool const may_end = frame.type == h2::headers || frame.type == h2::data;
    if (may_end && (frame.flags & h2::end_stream) != 0) reply.ended = true;
}

H2Reply H2Client::read_reply(std::uint32_t stream) {
    for (;;) {
        auto const& reply = replies_[stream];
        bool const complete = reply.ended || reply.reset != 0xffffffff;
        if (complete) return replies_.extract(stream).mapped();
        auto const frame = read_frame();
        if (frame.type == ended) return replies_.extract(stream).mapped();
        if (frame.stream != 0) take(frame);
    }
}

}  // namespace grover::testing
