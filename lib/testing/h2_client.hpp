// A blocking HTTP/2 client for tests that says every frame as it is told, right or wrong.
//
//     testing::H2Client client(server.port());              // preface and SETTINGS are sent
//     client.send(client.request(1, "GET", "/"));
//     auto reply = client.read_reply(1);
//     EXPECT_EQ(reply.status, 200);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "testing/h2_wire.hpp"

namespace grover::testing {

struct H2Reply {
    int status = 0;  // 0: none came
    http::Headers headers;
    std::string body;
    http::Headers trailers;
    bool ended = false;                // by END_STREAM
    std::uint32_t reset = 0xffffffff;  // code of RST_STREAM
};

class H2Client : public H2Wire {
public:
    /// Begins with the preface and `settings`, a SETTINGS frame's payload.
    explicit H2Client(std::uint16_t port, std::string_view settings = {});
    /// Through TLS.
    H2Client(std::uint16_t port, TlsWish const& wish);

    /// A request without a body, or with `flags` that say otherwise.
    static std::string request(std::uint32_t stream, std::string_view method, std::string_view path,
                               h2::Fields const& more = {},
                               int flags = h2::end_stream | h2::end_headers);

    /// What comes for one stream up to its end. What comes for others is kept for them.
    H2Reply read_reply(std::uint32_t stream);
    /// Windows are given back as DATA comes.
    void set_window_updates(bool on) { window_updates_ = on; }

private:
    void take(h2::Frame const& frame);

    std::map<std::uint32_t, H2Reply> replies_;
    bool window_updates_ = true;
};

}  // namespace grover::testing
