#include "http/websocket.hpp"

#include <gtest/gtest.h>

#include <string>

namespace grover::http::websocket {
namespace {

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";

/// A request with the fields of a good handshake and `more`.
struct Asked {
    explicit Asked(std::string const& more = {}, std::string_view line = "GET /chat HTTP/1.1",
                   std::string const& fields = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                                               std::string(key) + "\r\n")
        : text(std::string(line) + "\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
               fields + more + "\r\n") {
        EXPECT_EQ(parser.parse(text), HeadState::complete) << text;
    }
    RequestHead const& head() const { return parser.head(); }

    std::string text;
    RequestParser parser;
};

std::string answer(std::string const& more = {}, std::string const& accept = accept_of(key)) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept + "\r\n" + more + "\r\n";
}

bool agreed(Asked const& asked, std::string const& text) {
    ReplyParser parser;
    return parser.parse(text, "GET", ReplyParser::Protocol::another) == HeadState::complete &&
           agrees(asked.head(), parser.head());
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
    return text;
}

TEST(WebSocket, TheExampleOfTheRfc) {
    EXPECT_EQ(accept_of(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    Asked const asked;
    EXPECT_TRUE(asked.head().wants_websocket);
    EXPECT_FALSE(refusal_of(asked.head()));
    EXPECT_TRUE(agreed(asked, answer()));
}

TEST(WebSocket, OnlyWhoSaysSoTwiceAsksForOne) {
    auto const wants = [](std::string const& fields) {
        auto const text = "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
        RequestParser parser;
        EXPECT_EQ(parser.parse(text), HeadState::complete) << text;
        return parser.head().wants_websocket;
    };
    EXPECT_TRUE(wants("Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n"));
    EXPECT_TRUE(wants("Connection: close\r\nConnection: UPGRADE\r\nUpgrade: h2c, websocket\r\n"));
    EXPECT_TRUE(wants("Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"));
    EXPECT_FALSE(wants("Upgrade: websocket\r\n"));
    EXPECT_FALSE(wants("Connection: Upgrade\r\n"));
    EXPECT_FALSE(wants("Connection: keep-alive\r\nUpgrade: websocket\r\n"));
    EXPECT_FALSE(wants("Connection: Upgrade\r\nUpgrade: h2c\r\n"));
    EXPECT_FALSE(wants("Connection: Upgrade\r\nUpgrade: websocket/13\r\n"));
    EXPECT_FALSE(wants("Connection: Upgrades\r\nUpgrade: \"websocket\"\r\n"));
}

TEST(WebSocket, HandshakesMayOfferThings) {
    for (auto const* more :
         {"Sec-WebSocket-Protocol: a, b\r\n", "Sec-WebSocket-Protocol: a\r\n\r\n",
          "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
          "Content-Length: 0\r\n", "Sec-WebSocket-Protocol: a,,b\r\n"})
        EXPECT_FALSE(refusal_of(Asked(more).head())) << more;
}

TEST(WebSocket, BadHandshakesAreRefused) {
    struct Bad {
        std::string fields;
        std::string_view line = "GET / HTTP/1.1";
        ErrorCode code = ErrorCode::malformed;
    };
    std::string const version_field = "Sec-WebSocket-Version: 13\r\n";
    std::string const good = version_field + "Sec-WebSocket-Key: " + std::string(key) + "\r\n";
    for (auto const& [fields, line, code] : {
             Bad{good, "GET / HTTP/1.0"},
             Bad{good, "POST / HTTP/1.1"},
             Bad{good + "Content-Length: 1\r\n"},
             Bad{good + "Transfer-Encoding: chunked\r\n"},
             Bad{version_field},
             Bad{good + "Sec-WebSocket-Key: " + std::string(key) + "\r\n"},
             Bad{version_field + "Sec-WebSocket-Key: \r\n"},
             Bad{version_field + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n"},
             Bad{version_field + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n"},
             Bad{version_field + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQa=\r\n"},
             Bad{version_field + "Sec-WebSocket-Key: dGhl-HNhbXBsZSBub25jZQ==\r\n"},
             Bad{good + "Sec-WebSocket-Protocol: a b\r\n"},
             Bad{good + version_field},
             Bad{replaced(good, "13", "8"), "GET / HTTP/1.1", ErrorCode::upgrade_required},
             Bad{replaced(good, "13", "013"), "GET / HTTP/1.1", ErrorCode::upgrade_required},
             Bad{"Sec-WebSocket-Key: " + std::string(key) + "\r\n", "GET / HTTP/1.1",
                 ErrorCode::upgrade_required},
         }) {
        auto const refusal = refusal_of(Asked("", line, fields).head());
        ASSERT_TRUE(refusal) << line << "\n" << fields;
        EXPECT_EQ(refusal->code(), code) << line << "\n" << fields;
    }
}

TEST(WebSocket, AServiceAcceptsWhatWasOffered) {
    Asked const asked(
        "Sec-WebSocket-Protocol: a, b\r\n"
        "Sec-WebSocket-Extensions: x-one; p=\"a,b\", permessage-deflate; "
        "server_max_window_bits\r\n");
    EXPECT_TRUE(agreed(asked, answer("Sec-WebSocket-Protocol: b\r\n")));
    EXPECT_TRUE(agreed(asked, answer("Sec-WebSocket-Extensions: permessage-deflate\r\n")));
    EXPECT_TRUE(
        agreed(asked, answer("Sec-WebSocket-Extensions: PerMessage-Deflate; p=1, x-one\r\n")));
    EXPECT_TRUE(agreed(asked, replaced(answer(), "Connection: Upgrade", "Connection: a, upgrade")));
}

TEST(WebSocket, AServiceMayNotAgreeToAnythingElse) {
    Asked const asked("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Extensions: x-one; b\r\n");
    for (auto const& text : {
             answer("", accept_of("AAAAAAAAAAAAAAAAAAAAAA==")),
             answer("", ""),
             answer("Sec-WebSocket-Accept: " + accept_of(key) + "\r\n"),
             answer("Sec-WebSocket-Protocol: b\r\n"),
             answer("Sec-WebSocket-Protocol: A\r\n"),
             answer("Sec-WebSocket-Protocol: \r\n"),
             answer("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"),
             answer("Sec-WebSocket-Extensions: b\r\n"),
             answer("Sec-WebSocket-Extensions: x-one, x-two\r\n"),
             answer("Content-Length: 0\r\n"),
             answer("Transfer-Encoding: chunked\r\n"),
             answer("Upgrade: websocket\r\n"),
             replaced(answer(), "HTTP/1.1", "HTTP/1.0"),
             replaced(answer(), "101", "100"),
             replaced(answer(), "Upgrade: websocket", "Upgrade: h2c"),
             replaced(answer(), "Upgrade: websocket\r\n", ""),
             replaced(answer(), "Connection: Upgrade\r\n", ""),
             replaced(answer(), "Connection: Upgrade", "Connection: close"),
         })
        EXPECT_FALSE(agreed(asked, text)) << text;
    EXPECT_FALSE(agreed(Asked(), answer("Sec-WebSocket-Protocol: a\r\n")));
}

}  // namespace
}  // namespace grover::http::websocket
