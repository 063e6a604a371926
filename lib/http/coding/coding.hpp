// Content codings (RFC 9110 section 8.4.1): gzip, brotli and zstd behind one small interface.
//
//     auto encoder = make_encoder(Coding::br, Effort::stream);
//     encoder->write(piece, out);            // appends what is ready, perhaps nothing yet
//     encoder->finish(out);
//
// Bounded: an encoder keeps a window and its tables and nothing else, whatever goes through it
// (docs/adr/0019 has the figures). Bytes appended for one piece are never more than the piece and
// what was kept, and a few.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/describe/enum.hpp>

namespace grover::http {

enum class Coding : std::uint8_t { identity, gzip, br, zstd };
BOOST_DESCRIBE_ENUM(Coding, identity, gzip, br, zstd)
inline constexpr std::size_t codings = 4;

/// "identity", "gzip", "br", "zstd": as in Content-Encoding.
std::string_view name_of(Coding coding) noexcept;

/// How hard to try: for one answer on its way, or for one that is kept and sent many times.
enum class Effort { stream, stored };

class Encoder {
public:
    virtual ~Encoder() = default;
    /// Appends to `out` what can be sent by now.
    virtual void write(std::string_view piece, std::string& out) = 0;
    /// So that the other side can decode all that was written: for streams. Costs ratio.
    virtual void flush(std::string& out) = 0;
    /// The end; nothing may follow.
    virtual void finish(std::string& out) = 0;
};

/// Null for identity. Throws std::bad_alloc.
std::unique_ptr<Encoder> make_encoder(Coding coding, Effort effort);

/// The whole of a body that is in memory.
std::string encode(Coding coding, Effort effort, std::string_view content);

}  // namespace grover::http
