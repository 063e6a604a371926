// A blocking HTTP/2 client for tests that says every frame as it is told, right or wrong.
//
//     testing::H2Client client(server.port());              // preface and SETTINGS are sent
//     client.send(client.request(1, "GET", "/"));
//     auto reply = client.read_reply(1);
//     EXPECT_EQ(reply.status, 200);
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"
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

struct H2Reply {
    int status = 0;  // 0: none came
    http::Headers headers;
    std::string body;
    http::Headers trailers;
    bool ended = false;                // by END_STREAM
    std::uint32_t reset = 0xffffffff;  // code of RST_STREAM
};

class H2Client {
public:
    /// The type of no frame: the connection has ended.
    static constexpr std::uint8_t ended = 255;
    static constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    /// Begins with the preface and `settings`, a SETTINGS frame's payload.
    explicit H2Client(std::uint16_t port, std::string_view settings = {});
    /// Through TLS.
    H2Client(std::uint16_t port, TlsWish const& wish);
    ~H2Client();

    bool send(std::string_view bytes) { return socket_.send(bytes); }
    /// A request without a body, or with `flags` that say otherwise.
    static std::string request(std::uint32_t stream, std::string_view method, std::string_view path,
                               h2::Fields const& more = {},
                               int flags = h2::end_stream | h2::end_headers);

    /// The next frame; of type `ended` when the connection has. Answers SETTINGS and PING.
    h2::Frame read_frame();
    /// What comes for one stream up to its end. What comes for others is kept for them.
    H2Reply read_reply(std::uint32_t stream);
    /// Reads up to GOAWAY: its code; 0xffffffff when the connection ends without.
    std::uint32_t read_goaway();
    /// The connection ends, whatever came before.
    bool closed();
    /// Windows are given back as DATA comes.
    void set_window_updates(bool on) { window_updates_ = on; }

private:
    struct Inflater;
    void take(h2::Frame const& frame);

    RawClient socket_;
    std::unique_ptr<Inflater> inflater_;
    std::map<std::uint32_t, H2Reply> replies_;
    bool window_updates_ = true;
};

}  // namespace grover::testing
