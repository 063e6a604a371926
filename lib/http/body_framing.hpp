// Follows a message body to its end without touching it (RFC 9112 sections 6 and 7): a relay passes
// the bytes on as they are, a reader takes the pieces of content out of them.
//
//     BodyFraming body = head.body;
//     auto const used = body.skip(bytes);            // relay: that many bytes belong to this body
//     auto const [used, piece] = body.next(bytes);   // reader: one piece of content at a time
//
// Chunked syntax is read strictly: size of 1 to 16 hex digits and nothing else, CR LF alone ends a
// line, no control characters in extensions and trailers, no framing fields among the trailers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace grover::http {

/// Fields that would change where messages end or where they go (RFC 9110 section 6.5.1).
bool is_refused_trailer(std::string_view name) noexcept;

/// The value of a Content-Length field: one number as everybody reads it, or nothing.
std::optional<std::uint64_t> content_length(std::string_view text) noexcept;

/// A small value: copy it to look ahead.
class BodyFraming {
public:
    enum class Kind { none, length, chunked, until_close };

    static BodyFraming none() noexcept { return {}; }
    static BodyFraming of_length(std::uint64_t bytes) noexcept;
    static BodyFraming chunked() noexcept;
    static BodyFraming until_close() noexcept;

    Kind kind() const noexcept { return kind_; }
    /// Every byte of the body has been seen; never true for until_close.
    bool complete() const noexcept { return state_ == State::done; }
    /// The chunked syntax is broken: nobody knows where this message ends, close the connection.
    bool malformed() const noexcept { return state_ == State::malformed; }
    /// Between the last chunk and the end: what is read now are trailer fields.
    bool in_trailers() const noexcept {
        return state_ >= State::trailer && state_ <= State::end_lf;
    }
    /// Content bytes still to come, as far as is known: all with a length, else those of the
    /// current chunk.
    std::uint64_t remaining() const noexcept { return remaining_; }

    struct Step {
        std::size_t used = 0;      // bytes of `bytes` that belong to this body, from its start
        std::string_view content;  // the piece of content among them; may be empty
    };
    /// Reads on to the end of the next piece of content, of the last chunk, of the body or of
    /// `bytes`.
    Step next(std::string_view bytes) noexcept;
    /// Reads on to the end of the body or of `bytes`; returns how many bytes are the body's.
    std::size_t skip(std::string_view bytes) noexcept;

private:
    enum class State : std::uint8_t {
        data,       // content, `remaining_` bytes of it
        size,       // chunk size digits
        extension,  // after ";"
        size_lf,    // LF of the size line
        data_cr,    // CR LF behind the content of a chunk
        data_lf,
        trailer,  // at the start of a trailer line
        trailer_name,
        trailer_value,
        trailer_lf,  // LF of a trailer line
        end_lf,      // LF of the empty line at the very end
        done,
        malformed,
    };

    State step(char c) noexcept;
    State on_size(char c) noexcept;
    State on_trailer_name(char c) noexcept;

    Kind kind_ = Kind::none;
    State state_ = State::done;
    std::uint8_t digits_ = 0;     // of the chunk size
    std::uint8_t name_size_ = 0;  // of the trailer's name, as far as it is kept
    std::uint32_t overhead_ = 0;  // bytes of this chunk's extension, or of all trailers
    std::uint64_t remaining_ = 0;
    std::array<char, 20> name_{};  // long enough for the names that are refused
};

}  // namespace grover::http
