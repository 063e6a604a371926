// A blocking socket for tests: sends bytes as they are and reads what comes, so that a test says on
// the wire exactly what it means.
//
//     testing::RawClient client(server.port());
//     client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
//     auto reply = client.read_reply();
//     EXPECT_EQ(reply.status, 200);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace grover::testing {

struct RawReply {
    int status = 0;  // 0: the connection ended before a head was complete
    std::string head;
    http::Headers headers;
    std::string body;
};

/// How a test begins TLS; everything is what OpenSSL does by itself otherwise.
struct TlsWish {
    std::string alpn{};               // as on the wire: "\x02h2"
    int version_max = 0;              // TLS1_2_VERSION
    std::string ciphers{};            // for TLS 1.2 and older
    std::shared_ptr<void> session{};  // of an earlier connection: to be resumed
};

/// Every wait ends after 10 seconds with what has come so far.
class RawClient {
public:
    /// Connects to 127.0.0.1. Throws std::system_error.
    explicit RawClient(std::uint16_t port);
    /// Connects to a unix socket.
    explicit RawClient(std::string const& path);
    /// Takes over a socket that a test has accepted.
    struct Accepted {
        int socket;
    };
    explicit RawClient(Accepted accepted);
    ~RawClient();
    RawClient(RawClient const&) = delete;
    RawClient& operator=(RawClient const&) = delete;

    /// The kernel keeps about so much for it that is not read.
    void limit_receive_buffer(int bytes);

    /// From here on all bytes go through TLS, whoever the server is. False when it refuses.
    bool start_tls(TlsWish const& wish = {});
    /// What ALPN agreed on.
    std::string protocol() const;
    bool resumed() const;
    /// For TlsWish; with TLS 1.3 only after something was read.
    std::shared_ptr<void> session() const;
    /// The serial number of the server's certificate.
    long certificate_serial() const;

    /// Blocks until all is in the kernel's hands. False when the other side has closed.
    bool send(std::string_view bytes);
    /// Ends the sending side.
    void finish_sending();
    /// One reply: head, and body by Content-Length or chunked (decoded); `head_only` for HEAD.
    RawReply read_reply(bool head_only = false);
    /// Up to `count` bytes; fewer when the connection ends.
    std::string read(std::size_t count);
    /// What one receive brings, waiting for the first byte of it.
    std::string receive_once();
    /// Everything until the other side closes.
    std::string read_to_end();
    /// True when the other side has closed and nothing is left to read.
    bool closed();

private:
    bool receive();
    std::string read_line();

    int socket_ = -1;
    std::shared_ptr<void> tls_;  // SSL; shared for its type-erased deleter
    std::string buffer_;
    bool late_ = false;  // the last receive() ended without a word of the other side
};

}  // namespace grover::testing
