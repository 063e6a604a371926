// The frames of a WebSocket (RFC 6455 section 5.2), as far as one has to know them who passes them
// on unread: where one ends and the next begins, and the frame that says goodbye.
//
//     websocket::FrameFollower said;
//     co_await client.write(bytes);
//     said.follow(bytes);
//     ...
//     if (said.takes_another()) co_await client.write(websocket::close_frame(1001, "drain"));
//
// Only headers are looked at. Who does not keep to the protocol makes the follower take wrong
// places for ends, and nothing worse: it reads what it is given and keeps 16 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grover::http::websocket {

/// Of one direction. A small value.
class FrameFollower {
public:
    /// These bytes have passed. Cost: a few nanoseconds per frame.
    void follow(std::string_view bytes) noexcept;
    /// The last frame is whole, and it was no Close: another may be put behind it.
    bool takes_another() const noexcept {
        return header_bytes_ == 0 && payload_left_ == 0 && !closed_;
    }

private:
    std::size_t header_size() const noexcept;
    void begin_payload() noexcept;

    unsigned char header_[10]{};  // of a frame that has begun, without its mask
    std::size_t header_bytes_ = 0;
    std::uint64_t payload_left_ = 0;  // the mask among it
    bool closed_ = false;
};

/// What ends a WebSocket (sections 5.5.1 and 7.4): a code, and a reason of at most 123 bytes. What
/// a client says is masked, with a mask that cannot be foreseen.
std::string close_frame(std::uint16_t code, std::string_view reason,
                        std::optional<std::uint32_t> mask = {});

}  // namespace grover::http::websocket
