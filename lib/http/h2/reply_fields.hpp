// The header list of an answer by HTTP/2 (RFC 9113 sections 8.2 and 8.3.2), checked and turned into
// the head that it would have by HTTP/1.1.
//
//     ReplyFields fields;
//     fields.add(":status", "200");        // in the order in which HPACK gives them
//     ...
//     if (fields.finish("GET", BodyFollows::yes)) use(fields.head());
//
// nghttp2 has looked at order, case and repeats before; what another reader might understand in
// another way is looked at here as well.
#pragma once

#include <string_view>

#include "http/h2/header_list.hpp"

namespace grover::http::h2 {

class ReplyFields {
public:
    /// For the next answer, or the next head of the same; keeps its memory.
    void reset();
    /// False when the limits are reached or the field is not valid: then finish() is false, too.
    bool add(std::string_view name, std::string_view value);
    /// Of an interim answer (1xx) or the final one, as far as it is known.
    int status() const noexcept { return head_.status; }
    /// All have come. False: this is no answer to a request of that method. A body of unknown
    /// length has Transfer-Encoding: chunked, one that cannot come Content-Length: 0.
    bool finish(std::string_view method, BodyFollows body);
    /// Lives until reset().
    ReplyHead const& head() const noexcept { return head_; }

private:
    bool take_status(std::string_view name, std::string_view value);
    bool frame_body(std::string_view method, BodyFollows body);

    HeaderList list_;
    bool good_ = true;
    ReplyHead head_;
};

}  // namespace grover::http::h2
