#include "http/message.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "http/head_writer.hpp"
#include "http/problem.hpp"
#include "http/trace.hpp"

namespace grover::http {
namespace {

using namespace std::chrono_literals;

TEST(Headers, CompareNamesWithoutCase) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("ACCEPT", "b");
    EXPECT_EQ(headers.get("accept"), "a");
    EXPECT_EQ(headers.count("Accept"), 2u);
    EXPECT_FALSE(headers.contains("Accept-"));
    headers.set("accept", headers.get("ACCEPT"));
    EXPECT_EQ(headers.count("Accept"), 1u);
    EXPECT_EQ(headers.get("Accept"), "a");
    headers.remove("aCCept");
    EXPECT_TRUE(headers.empty());
    EXPECT_EQ(headers.get("Accept"), "");
}

TEST(Token, ComparesLettersOnlyWithoutCase) {
    EXPECT_TRUE(same_token("Content-Type", "content-tYPE"));
    EXPECT_FALSE(same_token("a[", "a{"));
    EXPECT_FALSE(same_token("\xc3\x84", "\xc3\xa4"));
    EXPECT_FALSE(same_token("a", "ab"));
}

TEST(ReasonPhrase, IsTheRegistered) {
    EXPECT_EQ(reason_phrase(200), "OK");
    EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
    EXPECT_EQ(reason_phrase(299), "");
    EXPECT_EQ(reason_phrase(-1), "");
}

TEST(Problem, HasWhatTheContractSays) {
    auto const reply =
        problem(Error({{"/content", "is too long"}, {"query/limit", "is bad"}}), "r1");
    EXPECT_EQ(reply.status, 422);
    EXPECT_EQ(reply.headers.get("Content-Type"), "application/problem+json");
    EXPECT_EQ(reply.body,
              R"({"type":"/problems/invalid_request","title":"Unprocessable Content",)"
              R"("status":422,"detail":"the request has invalid values",)"
              R"("message":"the request has invalid values","code":"invalid_request",)"
              R"("request_id":"r1","errors":[{"pointer":"/content","message":"is too long"},)"
              R"({"pointer":"query/limit","message":"is bad"}]})");
}

TEST(Problem, AddsTheFieldsOfItsCode) {
    EXPECT_EQ(problem(Error(ErrorCode::unauthenticated, "x"), "").headers.get("WWW-Authenticate"),
              "Bearer");
    EXPECT_EQ(problem(Error(ErrorCode::method_not_allowed, "x").with_allow("GET, HEAD"), "")
                  .headers.get("Allow"),
              "GET, HEAD");
    EXPECT_EQ(problem(Error(ErrorCode::rate_limited, "x").with_retry_after(7s), "")
                  .headers.get("Retry-After"),
              "7");
    auto const plain = problem(Error(ErrorCode::unavailable, "x"), "");
    EXPECT_FALSE(plain.headers.contains("Retry-After"));
    EXPECT_FALSE(plain.headers.contains("Allow"));
    EXPECT_FALSE(plain.headers.contains("WWW-Authenticate"));
}

TEST(Problem, IsJsonWhateverTheTextIs) {
    auto const reply = problem(Error(ErrorCode::malformed, "a \"b\"\n"), "\x01");
    EXPECT_NE(reply.body.find(R"("detail":"a \"b\"\n")"), std::string::npos);
    EXPECT_NE(reply.body.find(R"("request_id":"\u0001")"), std::string::npos);
}

TEST(HeadWriter, RefusesWhatWouldBeAnotherLine) {
    std::string out;
    append_field(out, "A", "b\tc \xc3\xa4");
    EXPECT_EQ(out, "A: b\tc \xc3\xa4\r\n");
    EXPECT_THROW(append_field(out, "A", "b\r\nSet-Cookie: c"), std::invalid_argument);
    EXPECT_THROW(append_field(out, "A", "b\nc"), std::invalid_argument);
    EXPECT_THROW(append_field(out, "A", std::string_view("b\0c", 3)), std::invalid_argument);
    EXPECT_THROW(append_field(out, "A:", "b"), std::invalid_argument);
    EXPECT_THROW(append_field(out, "", "b"), std::invalid_argument);
    EXPECT_THROW(append_field(out, "A\r\n", "b"), std::invalid_argument);
    EXPECT_EQ(out, "A: b\tc \xc3\xa4\r\n");
}

TEST(HeadWriter, WritesAStatusLineForEveryStatus) {
    std::string out;
    append_status_line(out, 404);
    append_status_line(out, 299);
    EXPECT_EQ(out, "HTTP/1.1 404 Not Found\r\nHTTP/1.1 299 \r\n");
    EXPECT_EQ(http_date().size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
    EXPECT_TRUE(http_date().ends_with(" GMT"));
}

TEST(Trace, GoesOnWithAValidParent) {
    auto const trace = trace_context("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    EXPECT_EQ(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(trace.span_id.size(), 16u);
    EXPECT_NE(trace.span_id, "00f067aa0ba902b7");
    EXPECT_EQ(
        trace_context("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").trace_id,
        "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(traceparent("a", "b"), "00-a-b-01");
}

TEST(Trace, BeginsAnewAfterABrokenParent) {
    for (auto const* broken : {
             "",
             "00",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
             "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
             "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01",
         }) {
        auto const trace = trace_context(broken);
        EXPECT_EQ(trace.trace_id.size(), 32u);
        EXPECT_NE(trace.trace_id.substr(0, 16), "4bf92f3577b34da6") << broken;
    }
}

TEST(RequestId, IsKeptOrMade) {
    EXPECT_EQ(request_id("aZ09._-"), "aZ09._-");
    EXPECT_EQ(request_id(std::string(64, 'a')), std::string(64, 'a'));
    for (auto const& bad : {std::string(), std::string("a b"), std::string("a\"b"),
                            std::string("\xc3\xa4"), std::string(65, 'a'), std::string("a/b")})
        EXPECT_EQ(request_id(bad).size(), 32u) << bad;
}

}  // namespace
}  // namespace grover::http
