// Reads the head of one HTTP/1 message, strictly: what two readers could understand in two ways is
// refused, because that is what request smuggling lives on (RFC 9112 sections 2.2, 3.2, 5.2, 6.3);
// tests/smuggling has the classes as bytes. Beast's basic_parser under the same checks took twice
// the instructions and let things through that had to be caught behind it.
//
//     http::RequestParser parser;
//     switch (parser.parse(bytes)) {        // all bytes since the start of the message
//         case HeadState::incomplete: ...   // read on, call again with more
//         case HeadState::complete: use(parser.head()); break;
//         case HeadState::refused: answer(parser.refusal()); close();
//     }
//
// Cost: one pass for line ends and one for fields; bytes seen before are not looked at again until
// the head is complete. No allocation once the field list has grown.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/body_framing.hpp"

namespace grover::http {

/// Views of the bytes that were parsed.
struct FieldView {
    std::string_view name;
    std::string_view value;
};

/// What request and reply have in common. Views live as long as the parsed bytes stay in place.
struct MessageHead {
    std::size_t size = 0;   // bytes, with the empty line
    int minor_version = 1;  // of HTTP/1
    std::vector<FieldView> fields;
    BodyFraming body;
    bool keep_alive = true;

    /// The first field of that name; empty when there is none.
    std::string_view get(std::string_view name) const noexcept;
    bool contains(std::string_view name) const noexcept;
};

struct RequestHead : MessageHead {
    std::string_view method;
    std::string_view target;  // origin form ("/path?query"), or "*" of OPTIONS
    std::string_view host;    // of the target when that was absolute; else the field's
    bool expects_continue = false;
    /// Asks for this connection to become a WebSocket's (RFC 9110 section 7.8); other protocols
    /// that Upgrade may name are not spoken here, which is to ignore them.
    bool wants_websocket = false;

    std::string_view path() const noexcept { return target.substr(0, target.find('?')); }
    std::string_view query() const noexcept {
        auto const mark = target.find('?');
        return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    }
};

struct ReplyHead : MessageHead {
    int status = 0;
    std::string_view reason;
};

enum class HeadState { incomplete, complete, refused };

/// Why a message is refused: the code names the status, the text has nothing of the message.
struct Refusal {
    ErrorCode code = ErrorCode::malformed;
    std::string_view text;
};

namespace detail {

/// Finds the end of a head line by line; every byte is looked at once.
class LineScanner {
public:
    void reset() noexcept { *this = {}; }
    HeadState scan(std::string_view bytes, Refusal& refusal, bool request) noexcept;
    std::size_t head_size() const noexcept { return at_; }

private:
    std::size_t at_ = 0;          // everything before has been looked at
    std::size_t line_start_ = 0;  // of the line that `at_` is in
    std::size_t lines_ = 0;
};

}  // namespace detail

class RequestParser {
public:
    /// `bytes` start where the message starts; call again with the same bytes and more. After
    /// `complete` or `refused`: reset() first.
    HeadState parse(std::string_view bytes);
    RequestHead const& head() const noexcept { return head_; }
    Refusal const& refusal() const noexcept { return refusal_; }
    void reset() noexcept { scanner_.reset(); }

private:
    detail::LineScanner scanner_;
    RequestHead head_;
    Refusal refusal_;
};

class ReplyParser {
public:
    enum class Protocol { http, another };

    /// As RequestParser::parse(). `method` is the request's: it decides whether there is a body.
    /// 101 is refused unless `asked_for` says that another protocol was.
    HeadState parse(std::string_view bytes, std::string_view method,
                    Protocol asked_for = Protocol::http);
    ReplyHead const& head() const noexcept { return head_; }
    Refusal const& refusal() const noexcept { return refusal_; }
    void reset() noexcept { scanner_.reset(); }

private:
    detail::LineScanner scanner_;
    ReplyHead head_;
    Refusal refusal_;
};

}  // namespace grover::http
