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
#include <vector>

#include "http/head_parser.hpp"

namespace grover::http::h2 {

enum class BodyFollows { no, yes };

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
    struct Slice {
        std::size_t at = 0;
        std::size_t size = 0;
    };
    struct Entry {
        Slice name;
        Slice value;
    };
    Slice keep(std::string_view text);
    std::string_view view(Slice slice) const noexcept {
        return std::string_view(text_).substr(slice.at, slice.size);
    }
    bool take_pseudo(std::string_view name, std::string_view value);
    std::optional<Refusal> check_target() const;
    std::optional<Refusal> check_host() const;
    std::optional<Refusal> frame_body(BodyFollows body);
    void make_fields();

    std::string text_;  // of everything that is kept
    std::vector<Entry> entries_;
    std::optional<Slice> method_, scheme_, path_, authority_;
    Slice host_, length_;
    std::string cookie_;  // crumbs joined (section 8.2.3)
    std::size_t hosts_ = 0;
    std::size_t lengths_ = 0;
    std::size_t list_bytes_ = 0;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts
    std::size_t count_ = 0;
    bool expects_continue_ = false;
    std::optional<Refusal> refusal_;
    RequestHead head_;
};

}  // namespace grover::http::h2
