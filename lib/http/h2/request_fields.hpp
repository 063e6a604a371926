// The header list of a request by HTTP/2 (RFC 9113 sections 8.2 and 8.3), checked and turned into
// the head that it would have by HTTP/1.1: handlers and relays need to know one form.
//
//     RequestFields fields;
//     fields.add(":method", "GET");        // in the order in which HPACK gives them
//     ...
//     if (auto refusal = fields.finish(BodyFollows::no)) answer(*refusal);
//     else handle(fields.head());
//
// nghttp2 has looked at order, case and repeats before; what another reader might understand in
// another way is looked at here as well.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/h2/header_list.hpp"

namespace grover::http::h2 {

class RequestFields {
public:
    /// For the next request; keeps its memory.
    void reset();
    /// False when the limits are reached: what comes now is not kept, and finish() refuses.
    bool add(std::string_view name, std::string_view value);
    /// All have come. Nothing, and head() is there; or why not.
    std::optional<Refusal> finish(BodyFollows body);
    /// Host comes first among its fields; a body of unknown length has Transfer-Encoding: chunked.
    /// Lives until reset().
    RequestHead const& head() const noexcept { return head_; }

private:
    bool take_pseudo(std::string_view name, std::string_view value);
    std::optional<Refusal> check_target() const;
    std::optional<Refusal> check_host() const;
    std::optional<Refusal> frame_body(BodyFollows body);
    void make_fields();

    HeaderList list_;
    std::optional<HeaderList::Slice> method_, scheme_, path_, authority_;
    HeaderList::Slice host_;
    std::string cookie_;  // crumbs joined (section 8.2.3)
    std::size_t hosts_ = 0;
    bool expects_continue_ = false;
    std::optional<Refusal> refusal_;
    RequestHead head_;
};

}  // namespace grover::http::h2
