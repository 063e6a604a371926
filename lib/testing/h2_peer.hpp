// A service that speaks HTTP/2 as a test tells it, right or wrong: for clients that must survive
// it.
//
//     testing::H2Listener listener;
//     auto answer = ask(listener.origin());                  // a future: the client runs elsewhere
//     auto peer = listener.accept();                         // preface read, SETTINGS sent
//     auto const request = peer->read_request();
//     peer->send(testing::H2Peer::answer(request.stream, "200", "hello"));
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "testing/h2_wire.hpp"

namespace grover::testing {

struct H2Request {
    std::uint32_t stream = 0;  // 0: the connection has ended
    http::Headers fields;      // pseudo-header fields among them
    bool ended = false;        // there is no body
};

class H2Peer : public H2Wire {
public:
    /// Reads the client's preface. Says `settings`, a SETTINGS frame's payload.
    H2Peer(RawClient::Accepted accepted, std::string_view settings);

    /// The next request; other frames are passed over.
    H2Request read_request();
    /// The next frame that is no acknowledgement and no window update.
    h2::Frame read_event();
    /// The body of a request up to its end; gives the window back.
    std::string read_body(std::uint32_t stream);

    /// HEADERS.
    static std::string head(std::uint32_t stream, std::string_view status,
                            h2::Fields const& fields = {}, int flags = h2::end_headers);
    /// A whole answer with Content-Length.
    static std::string answer(std::uint32_t stream, std::string_view status, std::string_view body);
    static std::string data(std::uint32_t stream, std::string_view bytes,
                            int flags = h2::end_stream);
    static std::string reset(std::uint32_t stream, h2::Code code);
    static std::string goaway(std::uint32_t last, h2::Code code = h2::no_error);
};

/// On a free port of 127.0.0.1.
class H2Listener {
public:
    H2Listener();
    ~H2Listener();
    H2Listener(H2Listener const&) = delete;
    H2Listener& operator=(H2Listener const&) = delete;

    std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// The next connection; null when none comes within 10 seconds.
    std::unique_ptr<H2Peer> accept(std::string_view settings = {});
    /// The same, not yet spoken to.
    RawClient::Accepted accept_raw();

private:
    int listener_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace grover::testing
