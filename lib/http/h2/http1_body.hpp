// Bodies between the framing of HTTP/1.1 and that of HTTP/2, both ways. Internal to those who
// relay.
#pragma once

#include <string>
#include <string_view>

#include "http/body_framing.hpp"
#include "http/fields.hpp"

namespace grover::http::h2 {

/// A body as HTTP/1.1 frames it, on its way into HTTP/2: content and trailers are taken apart.
///
///     RelayedBody body(head.body);
///     for (auto content = body.next(piece); !content.empty(); content = body.next(piece)) ...
///     if (body.complete()) body.for_each_trailer(add);
class RelayedBody {
public:
    RelayedBody() = default;
    /// Of a length, or chunked.
    explicit RelayedBody(BodyFraming framing) : framing_(framing) {}

    bool complete() const noexcept { return framing_.complete(); }
    bool malformed() const noexcept { return framing_.malformed(); }

    /// The next content in `piece`, which loses what was used; empty when there is no more of it,
    /// or the framing is malformed.
    std::string_view next(std::string_view& piece);

    /// Calls `use(name, value)`: BodyFraming has checked the lines. Only when complete().
    template <class Use>
    void for_each_trailer(Use use) const {
        for_each_field_line(trailers_, use);
    }

private:
    BodyFraming framing_;
    std::string trailers_;  // as lines
};

/// A body of unknown length that comes by HTTP/2, as chunks.
class ChunkWriter {
public:
    void clear() noexcept { trailers_.clear(); }
    /// One that nobody may send, or that does not fit, is left out.
    /// False for one that is too large.
    bool add_trailer(std::string_view name, std::string_view value);
    /// Makes a chunk of `content`, if there is any, and the end of the body behind the last.
    enum class Last { no, yes };
    void frame(std::string& content, Last last) const;

private:
    std::string trailers_;  // as lines
};

}  // namespace grover::http::h2
