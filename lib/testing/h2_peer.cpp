#include "testing/h2_peer.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace grover::testing {

H2Peer::H2Peer(RawClient::Accepted accepted, std::string_view settings) : H2Wire(accepted) {
    socket_.read(preface.size());
    send(h2::frame(h2::settings, 0, 0, settings));
}

h2::Frame H2Peer::read_event() {
    for (;;) {
        auto frame = read_frame();
        bool const skip = frame.type == h2::settings || frame.type == h2::window_update ||
                          (frame.type == h2::ping && (frame.flags & h2::ack) != 0);
        if (!skip) return frame;
    }
}

H2Request H2Peer::read_request() {
    for (;;) {
        auto const frame = read_frame();
        if (frame.type == ended) return {};
        if (frame.type != h2::headers) continue;
        H2Request out;
        out.stream = frame.stream;
        for (auto const& [name, value] : inflate(frame.payload)) out.fields.add(name, value);
        out.ended = (frame.flags & h2::end_stream) != 0;
        return out;
    }
}

std::string H2Peer::read_body(std::uint32_t stream) {
    std::string out;
    for (;;) {
        auto const frame = read_frame();
        if (frame.type == ended) return out;
        if (frame.stream != stream) continue;
        if (frame.type == h2::data) out += frame.payload;
        if (frame.type == h2::data && !frame.payload.empty()) {
            auto const size = h2::number(static_cast<std::uint32_t>(frame.payload.size()));
            send(h2::frame(h2::window_update, 0, 0, size) +
                 h2::frame(h2::window_update, 0, stream, size));
        }
        bool const may_end = frame.type == h2::data || frame.type == h2::headers;
        if (may_end && (frame.flags & h2::end_stream) != 0) return out;
    }
}

std::string H2Peer::head(std::uint32_t stream, std::string_view status, h2::Fields const& fields,
                         int flags) {
    h2::Fields all{{":status", std::string(status)}};
    all.insert(all.end(), fields.begin(), fields.end());
    return h2::frame(h2::headers, flags, stream, h2::block(all));
}

std::string H2Peer::answer(std::uint32_t stream, std::string_view status, std::string_view body) {
    return head(stream, status, {{"content-length", std::to_string(body.size())}}) +
           data(stream, body);
}

std::string H2Peer::data(std::uint32_t stream, std::string_view bytes, int flags) {
    return h2::frame(h2::data, flags, stream, bytes);
}

std::string H2Peer::reset(std::uint32_t stream, h2::Code code) {
    return h2::frame(h2::rst_stream, 0, stream, h2::number(code));
}

std::string H2Peer::goaway(std::uint32_t last, h2::Code code) {
    return h2::frame(h2::goaway, 0, 0, h2::number(last) + h2::number(code));
}

H2Listener::H2Listener() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    timeval const limit{10, 0};
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool const good =
        ::bind(listener_, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 &&
        ::listen(listener_, 16) == 0 &&
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (!good) throw std::system_error(errno, std::generic_category(), "listen");
    port_ = ntohs(address.sin_port);
}

H2Listener::~H2Listener() {
    ::close(listener_);
}

RawClient::Accepted H2Listener::accept_raw() {
    return {::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
}

std::unique_ptr<H2Peer> H2Listener::accept(std::string_view settings) {
    auto const accepted = accept_raw();
    if (accepted.socket < 0) return nullptr;
    return std::make_unique<H2Peer>(accepted, settings);
}

}  // namespace grover::testing
