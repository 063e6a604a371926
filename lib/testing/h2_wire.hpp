// HTTP/2 for tests: frames as bytes, and one end of a connection that reads them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/raw_client.hpp"

namespace grover::testing {

namespace h2 {

enum Type : std::uint8_t {
    data,
    headers,
    priority,
    rst_stream,
    settings,
    push_promise,
    ping,
    goaway,
    window_update,
    continuation,
};
enum Flag : std::uint8_t { none = 0, end_stream = 1, ack = 1, end_headers = 4, padded = 8 };
enum Code : std::uint32_t {
    no_error = 0,
    protocol_error = 1,
    internal_error = 2,
    flow_control_error = 3,
    stream_closed = 5,
    frame_size_error = 6,
    refused_stream = 7,
    cancel = 8,
    compression_error = 9,
    enhance_your_calm = 11,
};

struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    std::string payload{};

    /// Of RST_STREAM and GOAWAY.
    std::uint32_t code() const;
};

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The bytes of a frame.
std::string frame(std::uint8_t type, int flags, std::uint32_t stream,
                  std::string_view payload = {});
/// 4 bytes, most significant first.
std::string number(std::uint32_t value);
/// A header block: literals without a table and without Huffman's code.
std::string block(Fields const& fields);

}  // namespace h2

/// Blocks, like the socket it has. Answers SETTINGS and PING, and nothing else, by itself.
class H2Wire {
public:
    /// The type of no frame: the connection has ended.
    static constexpr std::uint8_t ended = 255;
    static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    bool send(std::string_view bytes) { return socket_.send(bytes); }
    /// The next frame; of type `ended` when the connection has.
    h2::Frame read_frame();
    /// Reads up to GOAWAY: its code; 0xffffffff when the connection ends without.
    std::uint32_t read_goaway();
    /// The connection ends, whatever came before.
    bool closed();
    /// The fields of a whole header block; each block once, in their order: they share a table.
    h2::Fields inflate(std::string_view block);

protected:
    explicit H2Wire(std::uint16_t port);
    explicit H2Wire(RawClient::Accepted accepted);
    ~H2Wire();

    RawClient socket_;

private:
    struct Inflater;
    std::unique_ptr<Inflater> inflater_;
};

}  // namespace grover::testing
