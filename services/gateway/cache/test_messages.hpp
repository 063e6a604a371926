// Heads for the tests of the cache, parsed from text as they come over the wire.
#pragma once

#include <string>
#include <string_view>

#include "gateway/cache/rules.hpp"
#include "http/head_parser.hpp"

namespace grover::gateway::cache {

/// "GET /a HTTP/1.1" with fields as lines: "Accept: x\r\n".
class RequestText {
public:
    explicit RequestText(std::string_view fields = {}, std::string_view method = "GET",
                         std::string_view target = "/a") {
        text_.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: x\r\n");
        text_.append(fields).append("\r\n");
        good_ = parser_.parse(text_) == http::HeadState::complete;
    }
    RequestText(RequestText const&) = delete;
    RequestText& operator=(RequestText const&) = delete;

    bool good() const { return good_; }
    http::RequestHead const& head() const { return parser_.head(); }
    Request request(bool has_session = false) const {
        return {head(), "http://x" + std::string(head().target), has_session};
    }

private:
    std::string text_;
    http::RequestParser parser_;
    bool good_ = false;
};

class ReplyText {
public:
    explicit ReplyText(std::string_view fields, int status = 200) {
        text_.append("HTTP/1.1 ").append(std::to_string(status)).append(" x\r\n");
        text_.append(fields).append("\r\n");
        good_ = parser_.parse(text_, "GET") == http::HeadState::complete;
    }
    ReplyText(ReplyText const&) = delete;
    ReplyText& operator=(ReplyText const&) = delete;

    bool good() const { return good_; }
    http::ReplyHead const& head() const { return parser_.head(); }

private:
    std::string text_;
    http::ReplyParser parser_;
    bool good_ = false;
};

/// Sun, 06 Nov 1994 08:49:37 GMT.
inline constexpr Timestamp then{784'111'777'000};
inline constexpr std::string_view date_line = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

inline Timestamp after(std::int64_t seconds) {
    return {then.ms + seconds * 1000};
}

}  // namespace grover::gateway::cache
