#include "http/h2/request_fields.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace grover::http::h2 {
namespace {

using namespace std::string_literals;
using List = std::vector<std::pair<std::string, std::string>>;

List const plain{
    {":method", "GET"}, {":scheme", "https"}, {":path", "/a?b"}, {":authority", "x:1"}};

List with(List more) {
    auto out = plain;
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

std::optional<Refusal> read(RequestFields& fields, List const& list,
                            BodyFollows body = BodyFollows::no) {
    fields.reset();
    for (auto const& [name, value] : list) fields.add(name, value);
    return fields.finish(body);
}

TEST(RequestFields, MakeTheHeadOfHttp1) {
    RequestFields fields;
    ASSERT_FALSE(read(fields, with({{"accept", "*/*"}, {"te", "trailers"}})));
    auto const& head = fields.head();
    EXPECT_EQ(head.method, "GET");
    EXPECT_EQ(head.path(), "/a");
    EXPECT_EQ(head.query(), "b");
    EXPECT_EQ(head.host, "x:1");
    EXPECT_EQ(head.get("Host"), "x:1");
    EXPECT_EQ(head.get("Accept"), "*/*");
    EXPECT_EQ(head.body.kind(), BodyFraming::Kind::none);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.contains("transfer-encoding"));
}

TEST(RequestFields, FrameBodiesAsHttp1Does) {
    RequestFields fields;
    ASSERT_FALSE(read(fields, plain, BodyFollows::yes));
    EXPECT_EQ(fields.head().body.kind(), BodyFraming::Kind::chunked);
    EXPECT_EQ(fields.head().get("Transfer-Encoding"), "chunked");
    ASSERT_FALSE(read(fields, with({{"content-length", "7"}}), BodyFollows::yes));
    EXPECT_EQ(fields.head().body.kind(), BodyFraming::Kind::length);
    EXPECT_EQ(fields.head().body.remaining(), 7u);
    ASSERT_FALSE(read(fields, with({{"content-length", "0"}}), BodyFollows::yes));
    EXPECT_EQ(fields.head().body.kind(), BodyFraming::Kind::chunked) << "to see that it is empty";
    EXPECT_FALSE(fields.head().contains("content-length"));
    ASSERT_FALSE(read(fields, with({{"content-length", "0"}}), BodyFollows::no));
    EXPECT_TRUE(fields.head().body.complete());
    EXPECT_FALSE(fields.head().contains("Transfer-Encoding"));
}

TEST(RequestFields, JoinCookiesAndTakeEitherHost) {
    RequestFields fields;
    ASSERT_FALSE(read(fields, with({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}})));
    EXPECT_EQ(fields.head().get("Cookie"), "a=1; b=2");
    ASSERT_FALSE(read(fields, with({{"host", "X:1"}})));
    EXPECT_EQ(std::ranges::count(fields.head().fields, std::string_view("host"), &FieldView::name),
              1);
    ASSERT_FALSE(
        read(fields,
             {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "only.example"}}));
    EXPECT_EQ(fields.head().host, "only.example");
    ASSERT_FALSE(
        read(fields,
             {{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}, {":authority", "x"}}));
}

struct BadList {
    std::string_view name;
    List list;
    ErrorCode code = ErrorCode::malformed;
    BodyFollows body = BodyFollows::no;
};
void PrintTo(BadList const& bad, std::ostream* out) {
    *out << bad.name;
}

class RefusedFields : public ::testing::TestWithParam<BadList> {};

TEST_P(RefusedFields, AreRefused) {
    RequestFields fields;
    auto const refusal = read(fields, GetParam().list, GetParam().body);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, GetParam().code);
    // ... and do not spoil the next request.
    EXPECT_FALSE(read(fields, plain));
}

List path(std::string target) {
    return {
        {":method", "GET"}, {":scheme", "http"}, {":path", std::move(target)}, {":authority", "x"}};
}

INSTANTIATE_TEST_SUITE_P(
    Http2, RefusedFields,
    ::testing::Values(
        BadList{"nothing", {}},
        BadList{"no_method", {{":scheme", "http"}, {":path", "/"}, {":authority", "x"}}},
        BadList{"no_path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}}},
        BadList{"no_scheme", {{":method", "GET"}, {":path", "/"}, {":authority", "x"}}},
        BadList{"no_host", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}},
        BadList{"unknown_pseudo", with({{":protocol", "websocket"}})},
        BadList{"pseudo_twice", with({{":path", "/b"}})},
        BadList{"pseudo_after_field",
                {{":method", "GET"},
                 {"a", "b"},
                 {":scheme", "http"},
                 {":path", "/"},
                 {":authority", "x"}}},
        BadList{"status", with({{":status", "200"}})},
        BadList{"method_with_blank",
                {{":method", "GET /x"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}}},
        BadList{
            "method_with_line",
            {{":method", "GET\r\nx"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}}},
        BadList{
            "connect", {{":method", "CONNECT"}, {":authority", "x:1"}}, ErrorCode::not_implemented},
        BadList{"scheme",
                {{":method", "GET"}, {":scheme", "ftp"}, {":path", "/"}, {":authority", "x"}}},
        BadList{"path_with_blank", path("/a b")},
        BadList{"path_with_version", path("/ HTTP/1.1\r\nx: y")}, BadList{"path_empty", path("")},
        BadList{"path_absolute", path("http://x/")}, BadList{"path_fragment", path("/a#b")},
        BadList{"path_8_bit", path("/\xc3\xa4")}, BadList{"path_nul", path("/a\0b"s)},
        BadList{"path_asterisk", path("*")}, BadList{"path_no_slash", path("a")},
        BadList{"path_too_long", path("/" + std::string(limits::uri_bytes_max, 'a')),
                ErrorCode::uri_too_long},
        BadList{"authority_user",
                {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "u@x"}}},
        BadList{"authority_path",
                {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x/y"}}},
        BadList{"authority_empty",
                {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", ""}}},
        BadList{"host_differs", with({{"host", "y"}})},
        BadList{"host_twice", with({{"host", "x:1"}, {"host", "x:1"}})},
        BadList{"upper_case", with({{"Accept", "*/*"}})}, BadList{"empty_name", with({{"", "v"}})},
        BadList{"blank_in_name", with({{"a b", "v"}})},
        BadList{"colon_in_name", with({{"a:b", "v"}})},
        BadList{"line_in_name", with({{"a\r\nb", "v"}})},
        BadList{"8_bit_name", with({{"a\xa0", "v"}})},
        BadList{"nul_in_value", with({{"a", "v\0w"s}})},
        BadList{"line_in_value", with({{"a", "v\r\nb: c"}})},
        BadList{"lf_in_value", with({{"a", "v\nb"}})},
        BadList{"cr_in_value", with({{"a", "v\rb"}})},
        BadList{"blank_before_value", with({{"a", " v"}})},
        BadList{"tab_after_value", with({{"a", "v\t"}})},
        BadList{"connection", with({{"connection", "close"}})},
        BadList{"keep_alive", with({{"keep-alive", "timeout=5"}})},
        BadList{"proxy_connection", with({{"proxy-connection", "close"}})},
        BadList{"transfer_encoding", with({{"transfer-encoding", "chunked"}})},
        BadList{"upgrade", with({{"upgrade", "h2c"}})}, BadList{"te", with({{"te", "gzip"}})},
        BadList{"length_sign", with({{"content-length", "+1"}}), ErrorCode::malformed,
                BodyFollows::yes},
        BadList{"length_hex", with({{"content-length", "0x1"}}), ErrorCode::malformed,
                BodyFollows::yes},
        BadList{"length_octal", with({{"content-length", "010"}}), ErrorCode::malformed,
                BodyFollows::yes},
        BadList{"length_empty", with({{"content-length", ""}}), ErrorCode::malformed,
                BodyFollows::yes},
        BadList{"length_list", with({{"content-length", "1, 1"}}), ErrorCode::malformed,
                BodyFollows::yes},
        BadList{"length_overflow", with({{"content-length", "99999999999999999999"}}),
                ErrorCode::malformed, BodyFollows::yes},
        BadList{"length_twice", with({{"content-length", "1"}, {"content-length", "1"}}),
                ErrorCode::malformed, BodyFollows::yes},
        BadList{"length_without_body", with({{"content-length", "1"}})},
        BadList{"large", with({{"a", std::string(limits::header_bytes_max, 'a')}}),
                ErrorCode::headers_too_large},
        BadList{"many", with(List(limits::header_fields_max, {"a", "b"})),
                ErrorCode::headers_too_large}),
    [](auto const& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace grover::http::h2
