#include "http/head_parser.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::http {
namespace {

using namespace std::string_literals;

struct BadHead {
    char const* name;
    std::string bytes;
    ErrorCode code = ErrorCode::malformed;
};

void PrintTo(BadHead const& bad, std::ostream* out) {
    *out << bad.name;
}

class RefusedRequest : public ::testing::TestWithParam<BadHead> {};

// Each is refused whole and byte by byte: no prefix may be taken for a complete head.
TEST_P(RefusedRequest, IsRefused) {
    RequestParser whole;
    ASSERT_EQ(whole.parse(GetParam().bytes), HeadState::refused);
    EXPECT_EQ(status_of(whole.refusal().code), status_of(GetParam().code));

    RequestParser slow;
    auto state = HeadState::incomplete;
    for (std::size_t i = 1; i <= GetParam().bytes.size() && state == HeadState::incomplete; ++i)
        state = slow.parse(std::string_view(GetParam().bytes).substr(0, i));
    EXPECT_EQ(state, HeadState::refused);
}

std::string with(std::string const& fields) {
    return "POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

std::string many_fields(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += "A: b\r\n";
    return out;
}

// The classes of request smuggling that T-Reqs, the HTTP Garden and PortSwigger collected.
INSTANTIATE_TEST_SUITE_P(
    Framing, RefusedRequest,
    ::testing::Values(
        BadHead{"length and coding", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
        BadHead{"coding and length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
        BadHead{"two lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n")},
        BadHead{"two equal lengths", with("Content-Length: 5\r\nContent-Length: 5\r\n")},
        BadHead{"list of lengths", with("Content-Length: 5, 5\r\n")},
        BadHead{"list with an empty length", with("Content-Length: ,5\r\n")},
        BadHead{"length with plus", with("Content-Length: +5\r\n")},
        BadHead{"negative length", with("Content-Length: -5\r\n")},
        BadHead{"hexadecimal length", with("Content-Length: 0x5\r\n")},
        BadHead{"length with underscore", with("Content-Length: 1_0\r\n")},
        BadHead{"length with a blank", with("Content-Length: 1 0\r\n")},
        BadHead{"length with a fraction", with("Content-Length: 5.0\r\n")},
        BadHead{"length with letters behind", with("Content-Length: 5abc\r\n")},
        BadHead{"length that may be octal", with("Content-Length: 010\r\n")},
        BadHead{"length of two zeros", with("Content-Length: 00\r\n")},
        BadHead{"quoted length", with("Content-Length: \"5\"\r\n")},
        BadHead{"empty length", with("Content-Length:\r\n")},
        BadHead{"empty length beside a good one", with("Content-Length:\r\nContent-Length: 5\r\n")},
        BadHead{"length beyond 64 bits", with("Content-Length: 18446744073709551616\r\n")},
        BadHead{"two codings",
                with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        BadHead{"coding and identity",
                with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")},
        BadHead{"list of codings", with("Transfer-Encoding: gzip, chunked\r\n")},
        BadHead{"chunked not last", with("Transfer-Encoding: chunked, identity\r\n")},
        BadHead{"coding with a comma before", with("Transfer-Encoding: ,chunked\r\n")},
        BadHead{"coding with a comma behind", with("Transfer-Encoding: chunked,\r\n")},
        BadHead{"unknown coding", with("Transfer-Encoding: xchunked\r\n")},
        BadHead{"identity", with("Transfer-Encoding: identity\r\n")},
        BadHead{"empty coding", with("Transfer-Encoding:\r\n")},
        BadHead{"quoted coding", with("Transfer-Encoding: \"chunked\"\r\n")},
        BadHead{"coding with a parameter", with("Transfer-Encoding: chunked;q=1\r\n")},
        BadHead{"coding with vertical tab", with("Transfer-Encoding: \x0b"
                                                 "chunked\r\n")},
        BadHead{"coding in HTTP/1.0",
                "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    Lines, RefusedRequest,
    ::testing::Values(BadHead{"bare LF everywhere", "GET / HTTP/1.1\nHost: x\n\n"},
                      BadHead{"bare LF behind the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n"},
                      BadHead{"bare LF behind a field", with("A: b\n")},
                      BadHead{"bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n"},
                      BadHead{"CR without LF in a value", with("A: b\rc\r\n")},
                      BadHead{"CR without LF between fields", with("A: b\rContent-Length: 5\r\n")},
                      BadHead{"CR CR LF", with("A: b\r\r\n")},
                      BadHead{"CR X at the end", "GET / HTTP/1.1\r\nHost: x\r\n\rX\r\n\r\n"},
                      BadHead{"folded field", with("A: b\r\n c\r\n")},
                      BadHead{"folded with a tab", with("A: b\r\n\tc\r\n")},
                      BadHead{"folded from an empty value", with("A:\r\n b\r\n")},
                      BadHead{"folded into nothing", with("A: b\r\n \r\n")},
                      BadHead{"blank before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
                      BadHead{"folded coding", with("Transfer-Encoding:\r\n chunked\r\n")},
                      BadHead{"two empty lines before",
                              "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
                      BadHead{"a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00"s},
                      BadHead{"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                              ErrorCode::http_version}));

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedRequest,
    ::testing::Values(
        BadHead{"blank before the colon", with("A : b\r\n")},
        BadHead{"blank before the colon of the length", with("Content-Length : 5\r\n")},
        BadHead{"tab before the colon", with("A\t: b\r\n")},
        BadHead{"blank in a name", with("A B: c\r\n")}, BadHead{"empty name", with(": b\r\n")},
        BadHead{"no colon", with("Abc\r\n")}, BadHead{"NUL in a name", with("A\0B: c\r\n"s)},
        BadHead{"no-break space in a name", with("A\xa0: b\r\n")},
        BadHead{"high bytes in a name", with("\xc3\xa4: b\r\n")},
        BadHead{"separators in a name", with("A(b): c\r\n")},
        BadHead{"NUL in a value", with("A: b\0c\r\n"s)},
        BadHead{"bell in a value", with("A: b\x07\r\n")},
        BadHead{"DEL in a value", with("A: b\x7f\r\n")},
        BadHead{"form feed in a value", with("A: \x0c\r\n")},
        BadHead{"no host", "GET / HTTP/1.1\r\nA: b\r\n\r\n"},
        BadHead{"two hosts", with("Host: y\r\n")}, BadHead{"two equal hosts", with("Host: x\r\n")},
        BadHead{"two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"},
        BadHead{"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        BadHead{"host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
        BadHead{"host with user information", "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n"},
        BadHead{"host with a blank", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
        BadHead{"list of hosts in quotes", "GET / HTTP/1.1\r\nHost: \"x\"\r\n\r\n"},
        BadHead{"101 fields", "GET / HTTP/1.1\r\nHost: x\r\n" + many_fields(100) + "\r\n",
                ErrorCode::headers_too_large},
        BadHead{"a field beyond 32 KiB", with("A: " + std::string(33 << 10, 'a') + "\r\n"),
                ErrorCode::headers_too_large},
        BadHead{"fields beyond 32 KiB together",
                with("A: " + std::string(20 << 10, 'a') + "\r\nB: " + std::string(20 << 10, 'a') +
                     "\r\n"),
                ErrorCode::headers_too_large},
        BadHead{"a field without end",
                "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(33 << 10, 'a'),
                ErrorCode::headers_too_large}));

INSTANTIATE_TEST_SUITE_P(
    RequestLine, RefusedRequest,
    ::testing::Values(
        BadHead{"two blanks", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"blank before", " GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"blank behind", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"},
        BadHead{"tab between", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"no version", "GET /\r\nHost: x\r\n\r\n"},
        BadHead{"method alone", "GET\r\nHost: x\r\n\r\n"},
        BadHead{"method that is no token", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"s},
        BadHead{"DEL in the target", "GET /a\x7f HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"raw UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"relative target", "GET a HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"asterisk of GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"URL of another scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"URL without host", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"URL with user information", "GET http://a@x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"URL with a query and no path", "GET http://x?a HTTP/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"authority form", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
                ErrorCode::not_implemented},
        BadHead{"version 2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", ErrorCode::http_version},
        BadHead{"version 1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", ErrorCode::http_version},
        BadHead{"version 0.9", "GET / HTTP/0.9\r\nHost: x\r\n\r\n", ErrorCode::http_version},
        BadHead{"version with two digits", "GET / HTTP/1.10\r\nHost: x\r\n\r\n"},
        BadHead{"version that begins like ours", "GET / HTTP/1.1x\r\nHost: x\r\n\r\n"},
        BadHead{"version of another protocol", "GET / HTTQ/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"version in small letters", "GET / http/1.1\r\nHost: x\r\n\r\n"},
        BadHead{"a target beyond 8 KiB",
                "GET /" + std::string(8 << 10, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
                ErrorCode::uri_too_long},
        BadHead{"a target without end", "GET /" + std::string(9 << 10, 'a'),
                ErrorCode::uri_too_long}));

RequestHead const& parse(RequestParser& parser, std::string_view bytes) {
    EXPECT_EQ(parser.parse(bytes), HeadState::complete) << parser.refusal().text;
    return parser.head();
}

TEST(RequestParser, TakesAHeadApart) {
    RequestParser parser;
    std::string const bytes =
        "PATCH /api/posts?limit=5&a=%20 HTTP/1.1\r\nhOsT: example.org:80\r\nA:\t b c \t\r\n"
        "Empty:\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    auto const& head = parse(parser, bytes);
    EXPECT_EQ(head.method, "PATCH");
    EXPECT_EQ(head.path(), "/api/posts");
    EXPECT_EQ(head.query(), "limit=5&a=%20");
    EXPECT_EQ(head.host, "example.org:80");
    EXPECT_EQ(head.get("a"), "b c");
    EXPECT_TRUE(head.contains("empty"));
    EXPECT_FALSE(head.contains("other"));
    EXPECT_EQ(head.body.kind(), BodyFraming::Kind::length);
    EXPECT_EQ(head.body.remaining(), 7u);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(head.size, bytes.size() - 7);
}

TEST(RequestParser, FindsTheEndByteByByte) {
    RequestParser parser;
    std::string_view const bytes = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for (std::size_t i = 0; i < bytes.size(); ++i)
        ASSERT_EQ(parser.parse(bytes.substr(0, i)), HeadState::incomplete);
    EXPECT_EQ(parser.parse(bytes), HeadState::complete);
}

TEST(RequestParser, KnowsWhenTheConnectionStays) {
    auto const stays = [](std::string const& bytes) {
        RequestParser parser;
        return parse(parser, bytes).keep_alive;
    };
    EXPECT_TRUE(stays("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_FALSE(stays("GET / HTTP/1.1\r\nHost: x\r\nConnection: x, Close\r\n\r\n"));
    EXPECT_FALSE(stays("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(stays("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, BringsTheTargetIntoOriginForm) {
    RequestParser parser;
    auto head = parse(parser, "GET http://Other:81/a?b HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(head.target, "/a?b");
    EXPECT_EQ(head.host, "Other:81");
    EXPECT_EQ(head.get("Host"), "Other:81");
    parser.reset();
    EXPECT_EQ(parse(parser, "GET HTTPS://x HTTP/1.1\r\nHost: x\r\n\r\n").target, "/");
    parser.reset();
    EXPECT_EQ(parse(parser, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").target, "*");
}

TEST(RequestParser, TakesWhatIsJustWithinTheLimits) {
    RequestParser parser;
    auto const target = "/" + std::string(limits::uri_bytes_max - 1, 'a');
    EXPECT_EQ(parse(parser, "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").target.size(),
              limits::uri_bytes_max);
    parser.reset();
    auto const fields = many_fields(limits::header_fields_max - 1);
    EXPECT_EQ(parse(parser, "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n").fields.size(),
              limits::header_fields_max);
    parser.reset();
    EXPECT_EQ(parse(parser, with("Content-Length: 18446744073709551615\r\n")).body.remaining(),
              ~std::uint64_t(0));
}

TEST(RequestParser, KnowsExpectations) {
    RequestParser parser;
    EXPECT_TRUE(parse(parser, with("Expect: 100-Continue\r\n")).expects_continue);
    parser.reset();
    EXPECT_FALSE(parse(parser, with("Expect: something\r\n")).expects_continue);
    parser.reset();
    EXPECT_FALSE(parse(parser, "POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
}

BodyFraming::Kind body_of(std::string const& reply, std::string_view method = "GET") {
    ReplyParser parser;
    EXPECT_EQ(parser.parse(reply, method), HeadState::complete) << reply;
    return parser.head().body.kind();
}

TEST(ReplyParser, KnowsWhereTheBodyEnds) {
    using Kind = BodyFraming::Kind;
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Kind::length);
    EXPECT_EQ(body_of("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"), Kind::chunked);
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n\r\n"), Kind::until_close);
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), Kind::none);
    EXPECT_EQ(body_of("HTTP/1.1 204 No Content\r\n\r\n"), Kind::none);
    EXPECT_EQ(body_of("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), Kind::none);
    EXPECT_EQ(body_of("HTTP/1.1 100 Continue\r\n\r\n"), Kind::none);
}

TEST(ReplyParser, ConnectionEndsWithAnUnframedBody) {
    ReplyParser parser;
    ASSERT_EQ(parser.parse("HTTP/1.1 200 OK\r\n\r\n", "GET"), HeadState::complete);
    EXPECT_FALSE(parser.head().keep_alive);
}

TEST(ReplyParser, RefusesBrokenReplies) {
    for (auto const* bytes : {
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
             "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
             "HTTP/1.1 200 OK\nContent-Length: 5\n\n",
             "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
             "HTTP/1.1 101 Switching Protocols\r\n\r\n",
             "HTTP/1.1 099 Low\r\n\r\n",
             "HTTP/1.1 600 High\r\n\r\n",
             "HTTP/1.1 2OO OK\r\n\r\n",
             "HTTP/2.0 200 OK\r\n\r\n",
             "200 OK\r\n\r\n",
             "<html>\r\n\r\n",
         }) {
        ReplyParser parser;
        EXPECT_EQ(parser.parse(bytes, "GET"), HeadState::refused) << bytes;
        EXPECT_EQ(parser.refusal().code, ErrorCode::bad_gateway);
    }
}

}  // namespace
}  // namespace grover::http
