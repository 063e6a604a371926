// Bytes both ways, once HTTP has stepped aside (RFC 9110 section 7.8): one end of a tunnel, the
// client's (Exchange::open_tunnel) or a service's (UpstreamConnection::tunnel).
//
//     for (;;) {
//         auto const bytes = co_await client.read();
//         if (bytes.empty()) break;                          // no more come
//         if (!co_await service.write(bytes)) break;
//     }
//     service.finish();
//
// Nothing is read ahead: who does not write what was read stalls the other end. Cost: one buffer of
// limits::tunnel_buffer_bytes per end.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "net/stream.hpp"
#include "net/task.hpp"

namespace grover::http {

class TlsStream;

/// Belongs to its loop's thread. Reading and writing may overlap, two reads or two writes may not.
class Duplex {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    virtual ~Duplex() = default;

    /// The next bytes, which live until the next read. Empty: no more come. The other side has said
    /// so, is lost, or the time is over.
    virtual net::Task<std::string_view> read() = 0;
    /// False when they cannot be brought any more.
    virtual net::Task<bool> write(std::string_view bytes) = 0;
    /// Says that nothing more is written; reading goes on. False where that cannot be said alone
    /// (TLS): then both directions have to end.
    virtual bool finish() noexcept = 0;
    /// What waits ends by then (at the next sweep of the loop), as does what is begun later.
    virtual void expires_at(TimePoint deadline) noexcept = 0;
    /// False once a server that ends has closed it.
    virtual bool is_open() const noexcept = 0;
};

/// A tunnel over a whole connection. `before` has come in already and is read first; it and the
/// streams must outlive this. `tls` is null for a plain connection.
std::unique_ptr<Duplex> make_tunnel(net::Stream& stream, TlsStream* tls, std::string_view before);

}  // namespace grover::http
