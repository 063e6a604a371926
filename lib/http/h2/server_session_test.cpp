// One file, because all of it stands on one client that writes frames by hand.
#include "http/h2/server_session.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "base/error.hpp"
#include "http/server_tls.hpp"
#include "net/async.hpp"
#include "testing/certificate.hpp"
#include "testing/h2_client.hpp"
#include "testing/server_fixture.hpp"
#include "testing/temporary_folder.hpp"

namespace grover::http {
namespace {

namespace h2 = testing::h2;
using testing::eventually;
using testing::H2Client;
using testing::RawClient;
using namespace std::chrono_literals;
using namespace std::string_literals;

class Http2Test : public testing::ServerFixture {
protected:
    template <class Function>
    std::uint16_t serve2(Function handler, ServerOptions options = {}) {
        options.http2_clear = true;
        options.linger_time_max = 20ms;
        return serve(std::move(handler), std::move(options)).port();
    }
    std::uint16_t serve_echo(ServerOptions options = {}) {
        return serve2(Handler([](Request& request) -> net::Task<Response> {
                          Response out;
                          out.headers.add("X-Method", request.method);
                          out.headers.add("X-Host", request.headers.get("Host"));
                          out.body = request.path + " " + request.body;
                          co_return out;
                      }),
                      std::move(options));
    }
    std::uint64_t flooded(http::h2::Flood kind) const {
        return server_->counters().floods[static_cast<std::size_t>(kind)];
    }
};

TEST_F(Http2Test, Answers) {
    H2Client client(serve_echo());
    client.send(client.request(1, "GET", "/a?b=c"));
    auto const reply = client.read_reply(1);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "/a ");
    EXPECT_EQ(reply.headers.get("x-method"), "GET");
    EXPECT_EQ(reply.headers.get("x-host"), "x");
    EXPECT_EQ(reply.headers.get("content-length"), "3");
    EXPECT_EQ(reply.headers.count("date"), 1u);
    EXPECT_EQ(reply.headers.get("x-request-id").size(), 32u);
    EXPECT_TRUE(reply.ended);
    client.send(client.request(3, "HEAD", "/a"));
    auto const head = client.read_reply(3);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(head.headers.get("content-length"), "3");
    EXPECT_EQ(server_->counters().requests, 2u);
}

TEST_F(Http2Test, SpeaksThroughTlsByAlpn) {
    testing::TemporaryFolder const folder;
    auto const certificate = testing::Certificate::make(3600);
    ServerTls::Files const files{(folder.path() / "c").string(), (folder.path() / "k").string()};
    std::ofstream(files.certificate) << certificate.chain;
    std::ofstream(files.key) << certificate.key;
    auto& server = serve(StreamHandler([](Exchange& exchange) -> net::Task<> {
                             exchange.begin(200);
                             co_await exchange.finish(exchange.scheme());
                         }),
                         {.tls = std::make_shared<ServerTls>(files)});
    H2Client client(server.port(), testing::TlsWish{.alpn = "\x02h2"});
    client.send(client.request(1, "GET", "/"));
    EXPECT_EQ(client.read_reply(1).body, "https");
    RawClient old(server.port());
    ASSERT_TRUE(old.start_tls());
    old.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(old.read_reply().body, "https");
}

TEST_F(Http2Test, TellsProtocolsApartOnOnePort) {
    auto const port = serve_echo();
    RawClient old(port), bytewise(port), neither(port), half(port);
    old.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(old.read_reply().body, "/1 ");
    for (char const c : "PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n"s) bytewise.send({&c, 1});
    EXPECT_EQ(bytewise.read_reply().body, "/ ");
    neither.send("PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n");
    EXPECT_EQ(neither.read_reply().status, 505);
    half.send(H2Client::preface.substr(0, 20));
    half.finish_sending();
    EXPECT_NE(half.read_to_end().find("505"), std::string::npos);
}

TEST_F(Http2Test, IsOffInClearTextUnlessAsked) {
    auto& server = serve(Handler([](Request&) -> net::Task<Response> { co_return Response(); }));
    H2Client client(server.port());
    EXPECT_NE(client.read_goaway(), h2::no_error);
}

TEST_F(Http2Test, AnswersStreamsAsTheyAreReady) {
    std::atomic<bool> fast = false;
    H2Client client(serve2(Handler([&](Request& request) -> net::Task<Response> {
        if (request.path == "/fast") fast = true;
        while (!fast) co_await net::pause(1ms);
        Response out;
        out.body = request.path;
        co_return out;
    })));
    client.send(client.request(1, "GET", "/slow") + client.request(3, "GET", "/fast"));
    EXPECT_EQ(client.read_reply(3).body, "/fast");
    EXPECT_EQ(client.read_reply(1).body, "/slow");
}

TEST_F(Http2Test, TakesBodiesOfAnyFraming) {
    H2Client client(serve_echo());
    auto const open = h2::end_headers;
    client.send(client.request(1, "POST", "/", {{"content-length", "6"}}, open) +
                h2::frame(h2::data, 0, 1, "abc") + h2::frame(h2::data, h2::end_stream, 1, "def"));
    EXPECT_EQ(client.read_reply(1).body, "/ abcdef");
    client.send(client.request(3, "POST", "/", {}, open) +
                h2::frame(h2::data, h2::padded, 3, "\x02xy\0\0"s) +
                h2::frame(h2::data, h2::end_stream, 3));
    EXPECT_EQ(client.read_reply(3).body, "/ xy");
    client.send(
        client.request(5, "POST", "/", {}, open) + h2::frame(h2::data, 0, 5, "z") +
        h2::frame(h2::headers, h2::end_stream | h2::end_headers, 5, h2::block({{"sum", "1"}})));
    EXPECT_EQ(client.read_reply(5).body, "/ z");
    client.send(client.request(7, "POST", "/"));
    EXPECT_EQ(client.read_reply(7).body, "/ ");
}

TEST_F(Http2Test, ShowsBodiesToARelayAsHttp1Would) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
        std::string raw(exchange.head().get("transfer-encoding"));
        while (!exchange.body_complete()) raw += "|" + std::string(co_await exchange.read_raw());
        exchange.begin(200);
        co_await exchange.finish(raw);
    })));
    client.send(client.request(1, "POST", "/", {}, h2::end_headers) +
                h2::frame(h2::data, 0, 1, "0123456789abcdef") +
                h2::frame(h2::headers, h2::end_stream | h2::end_headers, 1,
                          h2::block({{"sum", "1"}, {"authorization", "x"}})));
    EXPECT_EQ(client.read_reply(1).body, "chunked|10\r\n0123456789abcdef\r\n0\r\nsum: 1\r\n\r\n");
    client.send(client.request(3, "POST", "/", {{"content-length", "3"}}, h2::end_headers) +
                h2::frame(h2::data, h2::end_stream, 3, "abc"));
    EXPECT_EQ(client.read_reply(3).body, "|abc");
}

TEST_F(Http2Test, UnderstandsRelayedAnswersByTheirFraming) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        exchange.field("Transfer-Encoding", "chunked");
        exchange.field("Connection", "keep-alive");
        exchange.field("Trailer", "Sum");
        exchange.stream(Exchange::Transfer::relayed);
        co_await exchange.write("5\r\nhel");
        co_await exchange.write("lo\r\n6;x=y\r\n world\r\n");
        co_await exchange.end("0\r\nSum:  9 \r\nB: c\r\n\r\n");
    })));
    client.send(client.request(1, "GET", "/"));
    auto const reply = client.read_reply(1);
    EXPECT_EQ(reply.body, "hello world");
    EXPECT_FALSE(reply.headers.contains("transfer-encoding"));
    EXPECT_FALSE(reply.headers.contains("connection"));
    EXPECT_EQ(reply.trailers.get("sum"), "9");
    EXPECT_EQ(reply.trailers.get("b"), "c");
    EXPECT_TRUE(reply.ended);
}

TEST_F(Http2Test, CarriesLargeBodiesBothWays) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
                               exchange.begin(200);
                               exchange.stream(Exchange::Transfer::chunked);
                               while (!exchange.body_complete())
                                   co_await exchange.write(co_await exchange.read_content());
                               co_await exchange.end();
                           }),
                           {.body_bytes_max = 8 << 20}));
    client.send(client.request(1, "POST", "/", {}, h2::end_headers));
    std::string const body(2 << 20, 'b');
    std::string echo;
    for (std::size_t at = 0, window = 65'536; echo.size() < body.size();) {
        auto const size = std::min({std::size_t(16'384), window, body.size() - at});
        if (size > 0) {
            at += size;
            window -= size;
            client.send(h2::frame(h2::data, at == body.size() ? h2::end_stream : 0, 1,
                                  body.substr(0, size)));
        }
        if (size > 0 && window > 0 && at < body.size()) continue;
        auto const frame = client.read_frame();
        ASSERT_NE(frame.type, client.ended);
        if (frame.type == h2::window_update && frame.stream == 1) window += frame.code();
        if (frame.type != h2::data || frame.payload.empty()) continue;
        echo += frame.payload;
        auto const given = h2::number(static_cast<std::uint32_t>(frame.payload.size()));
        client.send(h2::frame(h2::window_update, 0, 0, given) +
                    h2::frame(h2::window_update, 0, 1, given));
    }
    EXPECT_EQ(echo, body);
}

TEST_F(Http2Test, LetsInNoMoreThanTheHandlerReads) {
    std::atomic<bool> read = false;
    auto const port = serve2(StreamHandler([&](Exchange& exchange) -> net::Task<> {
        while (!read) co_await net::pause(1ms);
        auto const body = co_await exchange.read_all();
        exchange.begin(200);
        co_await exchange.finish(std::to_string(body.size()));
    }));
    H2Client second(port);
    second.send(second.request(1, "POST", "/", {}, h2::end_headers));
    for (int i = 0; i < 4; ++i) second.send(h2::frame(h2::data, 0, 1, std::string(16'383, 'x')));
    second.send(h2::frame(h2::ping, 0, 0, "12345678"));
    for (;;) {
        auto const frame = second.read_frame();
        ASSERT_NE(frame.type, second.ended);
        ASSERT_FALSE(frame.type == h2::window_update && frame.stream == 1);
        if (frame.type == h2::ping) break;
    }
    read = true;
    second.send(h2::frame(h2::data, h2::end_stream, 1, "end"));
    EXPECT_EQ(second.read_reply(1).body, std::to_string(4 * 16'383 + 3));
}

TEST_F(Http2Test, EndsWhoSendsBeyondTheWindow) {
    std::atomic<bool> go = false;
    H2Client client(serve2(StreamHandler([&](Exchange& exchange) -> net::Task<> {
        while (!go) co_await net::pause(1ms);
        co_await exchange.read_all();
    })));
    client.send(client.request(1, "POST", "/", {}, h2::end_headers));
    for (int i = 0; i < 5; ++i) client.send(h2::frame(h2::data, 0, 1, std::string(16'384, 'x')));
    EXPECT_EQ(client.read_reply(1).reset, h2::flow_control_error);
    go = true;
    server_.reset();  // waits for the handler
}

TEST_F(Http2Test, TakesNoMoreFromTheHandlerThanTheClientReads) {
    std::atomic<std::size_t> written = 0;
    H2Client client(serve2(StreamHandler([&](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        exchange.stream(Exchange::Transfer::chunked);
        std::string const piece(10'000, 'p');
        for (int i = 0; i < 100; ++i) {
            co_await exchange.write(piece);
            written += piece.size();
        }
        co_await exchange.end();
    })));
    client.set_window_updates(false);
    client.send(client.request(1, "GET", "/"));
    EXPECT_TRUE(eventually([&] { return written >= 65'000; }));
    EXPECT_LE(written, 65'535 + http::h2::StreamOutput::bytes_max);
    client.send(h2::frame(h2::window_update, 0, 0, h2::number(2 << 20)) +
                h2::frame(h2::window_update, 0, 1, h2::number(2 << 20)));
    EXPECT_TRUE(client.read_reply(1).ended);
    EXPECT_EQ(written, 1'000'000u);
}

TEST_F(Http2Test, SaysContinue) {
    H2Client client(serve_echo());
    client.send(client.request(
        1, "POST", "/", {{"expect", "100-continue"}, {"content-length", "2"}}, h2::end_headers));
    for (auto frame = client.read_frame(); frame.type != h2::headers; frame = client.read_frame())
        ASSERT_NE(frame.type, client.ended);
    client.send(h2::frame(h2::data, h2::end_stream, 1, "ok"));
    EXPECT_EQ(client.read_reply(1).body, "/ ok");
}

TEST_F(Http2Test, AnswersEarlyAndStopsTheRest) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
        exchange.begin(403);
        co_await exchange.finish("no");
    })));
    client.send(client.request(1, "POST", "/", {}, h2::end_headers) +
                h2::frame(h2::data, 0, 1, std::string(10'000, 'x')));
    EXPECT_EQ(client.read_reply(1).body, "no");
    auto frame = client.read_frame();
    while (frame.type != h2::rst_stream && frame.type != client.ended) frame = client.read_frame();
    EXPECT_EQ(frame.code(), h2::no_error);
    client.send(h2::frame(h2::data, 0, 1, "late") + client.request(3, "GET", "/"));
    EXPECT_EQ(client.read_reply(3).body, "no");
}

TEST_F(Http2Test, MakesAnswersOfFailures) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
        if (exchange.head().path() == "/late") {
            exchange.begin(200);
            exchange.stream(Exchange::Transfer::chunked);
            co_await exchange.write("half");
        }
        if (exchange.head().path() == "/odd") throw std::runtime_error("secret");
        throw Error(ErrorCode::conflict, "taken");
    })));
    client.send(client.request(1, "GET", "/") + client.request(3, "GET", "/odd") +
                client.request(5, "GET", "/late"));
    EXPECT_EQ(client.read_reply(1).status, 409);
    auto const odd = client.read_reply(3);
    EXPECT_EQ(odd.status, 500);
    EXPECT_EQ(odd.body.find("secret"), std::string::npos);
    auto const late = client.read_reply(5);
    EXPECT_FALSE(late.ended);
    EXPECT_EQ(late.reset, h2::internal_error);
}

TEST_F(Http2Test, RefusesRequestsWithAnAnswer) {
    H2Client client(serve_echo({.body_bytes_max = 10}));
    auto const status = [&](std::uint32_t id, std::string const& bytes) {
        client.send(bytes);
        return client.read_reply(id).status;
    };
    EXPECT_EQ(status(1, client.request(1, "GET", "/#x")), 400);
    EXPECT_EQ(status(3, client.request(3, "GET", "/" + std::string(9'000, 'a'))), 414);
    h2::Fields many;
    for (int i = 0; i < 120; ++i) many.emplace_back("a", "b");
    EXPECT_EQ(status(5, client.request(5, "GET", "/", many)), 431);
    EXPECT_EQ(status(7, client.request(7, "GET", "/", {{"host", "other"}})), 400);
    EXPECT_EQ(status(9, h2::frame(h2::headers, 5, 9,
                                  h2::block({{":method", "CONNECT"}, {":authority", "x:1"}}))),
              501);
    EXPECT_EQ(
        status(11, client.request(11, "POST", "/", {{"content-length", "11"}}, h2::end_headers)),
        413);
    EXPECT_EQ(status(13, client.request(13, "POST", "/", {}, h2::end_headers) +
                             h2::frame(h2::data, 0, 13, "0123456789a")),
              413);
    EXPECT_EQ(status(15, client.request(15, "GET", "/")), 200) << "the connection goes on";
}

struct BadFrames {
    std::string_view name;
    std::string bytes;
    std::uint32_t code;
    bool connection = true;  // ends by GOAWAY, else the stream by RST_STREAM
};
void PrintTo(BadFrames const& bad, std::ostream* out) {
    *out << bad.name;
}

class RefusedFrames : public Http2Test, public ::testing::WithParamInterface<BadFrames> {};

TEST_P(RefusedFrames, EndTheStreamOrTheConnection) {
    H2Client client(serve_echo());
    client.send(client.request(1, "POST", "/", {{"content-length", "3"}}, h2::end_headers) +
                GetParam().bytes);
    if (GetParam().connection) {
        EXPECT_EQ(client.read_goaway(), GetParam().code);
        EXPECT_TRUE(client.closed());
    } else {
        EXPECT_EQ(client.read_reply(1).reset, GetParam().code);
        client.send(client.request(99, "GET", "/"));
        EXPECT_EQ(client.read_reply(99).status, 200);
    }
    server_->drain(5s);
    EXPECT_EQ(server_->counters().open, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Http2, RefusedFrames,
    ::testing::Values(
        BadFrames{"body_too_long", h2::frame(h2::data, h2::end_stream, 1, "1234"),
                  h2::protocol_error, false},
        BadFrames{"body_too_short", h2::frame(h2::data, h2::end_stream, 1, "12"),
                  h2::protocol_error, false},
        BadFrames{"padding_as_long_as_the_frame",
                  h2::frame(h2::data, h2::padded, 1,
                            "\x05"
                            "1234"),
                  h2::protocol_error},
        BadFrames{"data_on_stream_0", h2::frame(h2::data, 0, 0, "x"), h2::protocol_error},
        BadFrames{"data_on_an_idle_stream", h2::frame(h2::data, 0, 5, "x"), h2::protocol_error},
        BadFrames{"headers_on_stream_0", h2::frame(h2::headers, 5, 0, h2::block({{"a", "b"}})),
                  h2::protocol_error},
        BadFrames{"headers_on_an_even_stream",
                  h2::frame(h2::headers, 5, 2, h2::block({{"a", "b"}})), h2::protocol_error},
        BadFrames{"headers_of_a_skipped_stream",
                  H2Client::request(7, "GET", "/") + H2Client::request(5, "GET", "/"),
                  h2::protocol_error},
        BadFrames{"hpack_index_0", h2::frame(h2::headers, 5, 3, "\x80"), h2::compression_error},
        BadFrames{"hpack_index_too_high", h2::frame(h2::headers, 5, 3, "\xff\xff\x7f"),
                  h2::compression_error},
        BadFrames{"hpack_text_cut",
                  h2::frame(h2::headers, 5, 3,
                            std::string("\0\x05"
                                        "ab",
                                        4)),
                  h2::compression_error},
        BadFrames{"hpack_table_too_large", h2::frame(h2::headers, 5, 3, "\x3f\xe1\xff\x03"),
                  h2::compression_error},
        BadFrames{"hpack_integer_overflow",
                  h2::frame(h2::headers, 5, 3, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
                  h2::compression_error},
        BadFrames{"continuation_of_nothing", h2::frame(h2::continuation, 4, 1, "x"),
                  h2::protocol_error},
        BadFrames{"continuation_of_another",
                  H2Client::request(3, "GET", "/", {}, 0) + h2::frame(h2::continuation, 4, 5, ""),
                  h2::protocol_error},
        BadFrames{"data_between_headers_and_continuation",
                  H2Client::request(3, "GET", "/", {}, 0) + h2::frame(h2::data, 0, 1, "x"),
                  h2::protocol_error},
        BadFrames{"settings_size", h2::frame(h2::settings, 0, 0, "12345"), h2::frame_size_error},
        BadFrames{"settings_on_a_stream", h2::frame(h2::settings, 0, 1), h2::protocol_error},
        BadFrames{"settings_ack_with_payload",
                  h2::frame(h2::settings, h2::ack, 0, std::string(6, '\0')), h2::frame_size_error},
        BadFrames{"settings_window_too_large",
                  h2::frame(h2::settings, 0, 0, "\0\x04\xff\xff\xff\xff"s), h2::flow_control_error},
        BadFrames{"settings_frame_size_too_small", h2::frame(h2::settings, 0, 0, "\0\x05\0\0\0\1"s),
                  h2::protocol_error},
        BadFrames{"settings_push_2", h2::frame(h2::settings, 0, 0, "\0\x02\0\0\0\2"s),
                  h2::protocol_error},
        BadFrames{"ping_size", h2::frame(h2::ping, 0, 0, "1234567"), h2::frame_size_error},
        BadFrames{"ping_on_a_stream", h2::frame(h2::ping, 0, 1, "12345678"), h2::protocol_error},
        BadFrames{"goaway_on_a_stream", h2::frame(h2::goaway, 0, 1, std::string(8, '\0')),
                  h2::protocol_error},
        BadFrames{"reset_of_stream_0", h2::frame(h2::rst_stream, 0, 0, h2::number(8)),
                  h2::protocol_error},
        BadFrames{"reset_of_an_idle_stream", h2::frame(h2::rst_stream, 0, 9, h2::number(8)),
                  h2::protocol_error},
        BadFrames{"reset_size", h2::frame(h2::rst_stream, 0, 1, "abc"), h2::frame_size_error},
        BadFrames{"window_update_0", h2::frame(h2::window_update, 0, 1, h2::number(0)),
                  h2::protocol_error},
        BadFrames{"window_update_0_of_all", h2::frame(h2::window_update, 0, 0, h2::number(0)),
                  h2::protocol_error},
        BadFrames{"window_update_overflow",
                  h2::frame(h2::window_update, 0, 0, h2::number(0x7fffffff)),
                  h2::flow_control_error},
        BadFrames{"window_update_overflow_of_a_stream",
                  h2::frame(h2::window_update, 0, 1, h2::number(0x7fffffff)),
                  h2::flow_control_error, false},
        BadFrames{"window_update_size", h2::frame(h2::window_update, 0, 1, "abc"),
                  h2::frame_size_error},
        BadFrames{"priority_size", h2::frame(h2::priority, 0, 1, "abcd"), h2::frame_size_error},
        BadFrames{"push_promise", h2::frame(h2::push_promise, 4, 1, h2::number(2)),
                  h2::protocol_error},
        BadFrames{"frame_too_large", h2::frame(h2::data, 0, 1, std::string(16'385, 'x')),
                  h2::frame_size_error},
        BadFrames{"http1_request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", h2::frame_size_error},
        BadFrames{"upper_case_name", h2::frame(h2::headers, 5, 1, h2::block({{"Sum", "1"}})),
                  h2::protocol_error, false},
        BadFrames{"pseudo_in_trailers", h2::frame(h2::headers, 5, 1, h2::block({{":path", "/"}})),
                  h2::protocol_error, false},
        BadFrames{"trailers_without_end", h2::frame(h2::headers, 4, 1, h2::block({{"a", "b"}})),
                  h2::protocol_error, false}),
    [](auto const& info) { return std::string(info.param.name); });

/// Requests that nghttp2 refuses by itself: RST_STREAM, and the connection goes on.
TEST_F(Http2Test, ResetsMalformedRequests) {
    H2Client client(serve_echo());
    std::uint32_t id = 1;
    for (h2::Fields const& bad : {h2::Fields{{"Accept", "x"}},
                                  {{"connection", "close"}},
                                  {{"transfer-encoding", "chunked"}},
                                  {{"te", "gzip"}},
                                  {{"a", "b\r\nc: d"}},
                                  {{"a", "b\0c"s}},
                                  {{":path", "/b"}},
                                  {{":status", "200"}},
                                  {{"content-length", "-1"}},
                                  {{"", "x"}},
                                  {{"a", " b"}}}) {
        client.send(client.request(id, "GET", "/", bad));
        EXPECT_EQ(client.read_reply(id).reset, h2::protocol_error) << bad[0].first;
        id += 2;
    }
    client.send(client.request(id, "GET", "/"));
    EXPECT_EQ(client.read_reply(id).status, 200);
    EXPECT_EQ(server_->counters().requests, 1u);
}

/// The bytes of each flood, many times over.
struct FloodCase {
    http::h2::Flood kind;
    std::string bytes;
    int times;
};
void PrintTo(FloodCase const& flood, std::ostream* out) {
    *out << name_of(flood.kind);
}
class Floods : public Http2Test, public ::testing::WithParamInterface<FloodCase> {};

TEST_P(Floods, AreCounted) {
    H2Client client(serve_echo());
    client.send(client.request(1, "POST", "/", {}, h2::end_headers));
    for (int i = 0; i < GetParam().times; ++i) client.send(GetParam().bytes);
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
    EXPECT_EQ(flooded(GetParam().kind), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Http2, Floods,
    ::testing::Values(
        FloodCase{http::h2::Flood::pings, h2::frame(h2::ping, 0, 0, "12345678"), 200},
        FloodCase{http::h2::Flood::pings, h2::frame(h2::ping, h2::ack, 0, "12345678"), 200},
        FloodCase{http::h2::Flood::settings, h2::frame(h2::settings, 0, 0), 100},
        FloodCase{http::h2::Flood::empty_frames, h2::frame(h2::data, 0, 1), 500},
        FloodCase{http::h2::Flood::empty_frames, h2::frame(h2::data, h2::padded, 1, "\3\0\0\0"s),
                  500},
        FloodCase{http::h2::Flood::priorities, h2::frame(h2::priority, 0, 5, "\0\0\0\0\1"s), 2'000},
        FloodCase{http::h2::Flood::window_updates,
                  h2::frame(h2::window_update, 0, 0, h2::number(1)), 5'000}),
    [](auto const& info) {
        return std::string(name_of(info.param.kind)) + "_" + std::to_string(info.index);
    });

TEST_F(Http2Test, CountsEmptyFramesOfStreamsThatAreOver) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        co_await exchange.finish("enough");  // of a body that still comes
    })));
    client.send(client.request(1, "POST", "/", {}, h2::end_headers));
    EXPECT_EQ(client.read_reply(1).body, "enough");
    std::string frames;
    for (int i = 0; i < 500; ++i) frames += h2::frame(h2::data, 0, 1);
    // In pieces that are no frames.
    for (std::size_t at = 0; at < frames.size(); at += 100) client.send(frames.substr(at, 100));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
    EXPECT_EQ(flooded(http::h2::Flood::empty_frames), 1u);
}

TEST_F(Http2Test, EndsRapidResets) {
    H2Client client(serve2(Handler([](Request&) -> net::Task<Response> {
        co_await net::pause(1ms);
        co_return Response();
    })));
    for (std::uint32_t id = 1; id < 2'000; id += 2)
        client.send(client.request(id, "GET", "/") +
                    h2::frame(h2::rst_stream, 0, id, h2::number(h2::cancel)));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
    EXPECT_EQ(flooded(http::h2::Flood::resets), 1u);
    EXPECT_LE(server_->counters().requests, 2 * limits::http2_streams_max + 50);
}

/// A gateway's connection carries many clients: those who leave must not take the others with them.
TEST_F(Http2Test, AGatewayMayResetWhatItsClientsGiveUp) {
    H2Client client(serve_echo({.behind_gateway = true}));
    for (std::uint32_t id = 1; id < 2'000; id += 2)
        client.send(client.request(id, "POST", "/", {}, h2::end_headers) +
                    h2::frame(h2::rst_stream, 0, id, h2::number(h2::cancel)));
    client.send(client.request(2'001, "GET", "/"));
    EXPECT_EQ(client.read_reply(2'001).status, 200);
    EXPECT_EQ(flooded(http::h2::Flood::resets), 0u);
}

TEST_F(Http2Test, EndsWhoMakesTheServerReset) {
    H2Client client(serve_echo());
    for (std::uint32_t id = 1; id < 2'000; id += 2)
        client.send(client.request(id, "POST", "/", {}, h2::end_headers) +
                    h2::frame(h2::window_update, 0, id, h2::number(0x7fffffff)));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
}

TEST_F(Http2Test, EndsAHeaderBlockWithoutEnd) {
    H2Client client(serve_echo());
    client.send(client.request(1, "GET", "/", {}, h2::end_stream));
    for (int i = 0; i < 100; ++i) client.send(h2::frame(h2::continuation, 0, 1));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
    EXPECT_EQ(flooded(http::h2::Flood::continuations), 1u);
}

/// One entry of HPACK's table, named by one byte each: 4 KB become 16 MB.
std::string bomb(std::size_t fields) {
    return h2::block(
               {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}}) +
           "\x40\x01x\x7f\x81\x1d"s + std::string(3'840, 'v') + std::string(fields, '\xbe');
}

TEST_F(Http2Test, KeepsNoMoreOfAHeaderListThanItsLimit) {
    H2Client client(serve_echo());
    client.send(h2::frame(h2::headers, 5, 1, bomb(500)));
    EXPECT_EQ(client.read_reply(1).status, 431);
}

TEST_F(Http2Test, EndsWhoMakesManyFieldsOfFewBytes) {
    H2Client client(serve_echo());
    client.send(h2::frame(h2::headers, 5, 1, bomb(4'000)));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
    EXPECT_EQ(flooded(http::h2::Flood::fields), 1u);
}

TEST_F(Http2Test, EndsWhoMakesManyFieldsOfTrailers) {
    H2Client client(serve_echo());
    auto const trailers = "\x40\x01x\x7f\x81\x1d"s + std::string(3'840, 'v');
    client.send(client.request(1, "POST", "/", {}, h2::end_headers) +
                h2::frame(h2::headers, 5, 1, trailers + std::string(4'000, '\xbe')));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
}

TEST_F(Http2Test, RefusesMoreStreamsThanItSays) {
    std::atomic<bool> go = false;
    H2Client client(serve2(Handler([&](Request&) -> net::Task<Response> {
                               while (!go) co_await net::pause(1ms);
                               co_return Response();
                           }),
                           {.http2_streams_max = 3}));
    for (std::uint32_t id = 1; id <= 9; id += 2) client.send(client.request(id, "GET", "/"));
    EXPECT_EQ(client.read_reply(9).reset, h2::refused_stream);
    go = true;
    EXPECT_EQ(client.read_reply(1).status, 200);
}

TEST_F(Http2Test, TellsHandlersWhenTheClientHasGone) {
    std::atomic<int> told = 0;
    auto const port = serve2(StreamHandler([&](Exchange& exchange) -> net::Task<> {
        try {
            co_await exchange.read_all();
        } catch (Disconnected const&) {
            ++told;
            throw;
        }
        exchange.begin(200);
        co_await exchange.finish("");
    }));
    {
        H2Client client(port);
        client.send(client.request(1, "POST", "/", {}, h2::end_headers) +
                    client.request(3, "POST", "/", {}, h2::end_headers));
        ASSERT_TRUE(eventually([&] { return server_->counters().requests == 2; }));
        client.send(h2::frame(h2::rst_stream, 0, 1, h2::number(h2::cancel)));
        EXPECT_TRUE(eventually([&] { return told == 1; }));
    }
    EXPECT_TRUE(eventually([&] { return told == 2; }));
    EXPECT_TRUE(eventually([&] { return server_->counters().open == 0; }));
}

TEST_F(Http2Test, ForgetsTheAnswersOfWhoEndsTheConnection) {
    auto const port = serve_echo();
    for (int i = 0; i < 50; ++i) {
        RawClient client(port);
        client.send(std::string(H2Client::preface) + h2::frame(h2::settings, 0, 0) +
                    H2Client::request(1, "GET", "/") + H2Client::request(3, "GET", "/"));
        client.finish_sending();
        client.read_to_end();
    }
    EXPECT_TRUE(eventually([&] { return server_->counters().open == 0; }));
}

TEST_F(Http2Test, FinishesStreamsWhenItDrains) {
    std::atomic<bool> go = false;
    H2Client client(serve2(Handler([&](Request&) -> net::Task<Response> {
                               while (!go) co_await net::pause(1ms);
                               co_return Response();
                           }),
                           {.drain_notice = 10s}));
    client.send(client.request(1, "GET", "/"));
    ASSERT_TRUE(eventually([&] { return server_->counters().requests == 1; }));
    std::thread draining([&] { server_->drain(10s); });
    EXPECT_EQ(client.read_goaway(), h2::no_error) << "the intent";
    client.send(client.request(3, "GET", "/"));
    EXPECT_EQ(client.read_goaway(), h2::no_error) << "the last stream";
    go = true;
    EXPECT_EQ(client.read_reply(1).status, 200);
    EXPECT_EQ(client.read_reply(3).status, 200) << "it was sent before the client knew";
    EXPECT_TRUE(client.closed());
    draining.join();
    EXPECT_EQ(server_->counters().open, 0u);
}

TEST_F(Http2Test, LeavesTheDateOfAStoredAnswer) {
    H2Client client(serve2(StreamHandler([](Exchange& exchange) -> net::Task<> {
        exchange.begin(200);
        exchange.field("Date", "Thu, 01 Jan 1970 00:00:00 GMT");
        co_await exchange.finish("");
    })));
    client.send(client.request(1, "GET", "/"));
    auto const reply = client.read_reply(1);
    EXPECT_EQ(reply.headers.count("date"), 1u);
    EXPECT_EQ(reply.headers.get("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_F(Http2Test, DrainsWithoutWaitingForWhoDoesNotListen) {
    H2Client client(serve_echo());
    client.send(client.request(1, "GET", "/"));
    EXPECT_EQ(client.read_reply(1).status, 200);
    // The client answers no PING meanwhile.
    server_->drain(10s);
    EXPECT_EQ(client.read_goaway(), h2::no_error);
}

TEST_F(Http2Test, ClosesIdleConnections) {
    H2Client client(serve_echo({.idle_time_max = 50ms}));
    client.send(client.request(1, "GET", "/"));
    EXPECT_EQ(client.read_reply(1).status, 200);
    EXPECT_EQ(client.read_goaway(), h2::no_error);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(server_->counters().hit(ClientLimit::head_time), 0u);
}

TEST_F(Http2Test, EndsAHeaderBlockThatComesTooSlowly) {
    H2Client client(serve_echo({.header_time_max = 50ms}));
    EXPECT_EQ(client.read_frame().type, h2::settings) << "it is acknowledged before the block";
    client.send(client.request(1, "GET", "/", {}, h2::end_stream));
    EXPECT_EQ(client.read_goaway(), h2::enhance_your_calm);
    EXPECT_EQ(server_->counters().hit(ClientLimit::head_time), 1u);
}

TEST_F(Http2Test, EndsABodyThatDoesNotCome) {
    H2Client client(serve_echo({.body_time_max = 50ms}));
    client.send(client.request(1, "POST", "/", {}, h2::end_headers));
    EXPECT_EQ(client.read_reply(1).status, 408);
    client.send(client.request(3, "GET", "/"));
    EXPECT_EQ(client.read_reply(3).status, 200);
}

TEST_F(Http2Test, ResetsAStreamThatNobodyReads) {
    H2Client client(serve2(Handler([](Request&) -> net::Task<Response> {
                               Response out;
                               out.body.assign(1 << 20, 'x');
                               co_return out;
                           }),
                           {.write_time_max = 50ms}));
    client.set_window_updates(false);
    client.send(client.request(1, "GET", "/"));
    auto const reply = client.read_reply(1);
    EXPECT_FALSE(reply.ended);
    EXPECT_EQ(reply.reset, h2::internal_error);
    EXPECT_EQ(server_->counters().hit(ClientLimit::read_time), 1u);
}

TEST_F(Http2Test, ResetsASmallAnswerThatNobodyReads) {
    H2Client client(serve2(Handler([](Request&) -> net::Task<Response> {
                               co_return Response{.status = 200, .body = std::string(60'000, 'x')};
                           }),
                           {.write_time_max = 50ms}));
    client.set_window_updates(false);
    client.send(client.request(1, "GET", "/"));
    EXPECT_TRUE(client.read_reply(1).ended);
    client.send(client.request(3, "GET", "/"));
    EXPECT_EQ(client.read_reply(3).reset, h2::internal_error);
    EXPECT_EQ(server_->counters().hit(ClientLimit::read_time), 1u);
}

TEST_F(Http2Test, SendsTheAnswersOfOneReadTogether) {
    auto const port = serve_echo();
    RawClient client(port);
    std::string bytes(H2Client::preface);
    bytes += h2::frame(h2::settings, 0, 0);
    client.send(bytes);
    client.receive_once();
    client.send(H2Client::request(1, "GET", "/one") + H2Client::request(3, "GET", "/two") +
                H2Client::request(5, "GET", "/three"));
    auto const got = client.receive_once();
    EXPECT_NE(got.find("/one"), std::string::npos);
    EXPECT_NE(got.find("/three"), std::string::npos);
}

}  // namespace
}  // namespace grover::http
