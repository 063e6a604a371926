// HTTP/2 in clear text to one service from one loop: its shared connections, one unless the service
// takes no more streams on it.
//
//     ClientConnections connections(loop, upstream);
//     auto stream = connections.kept();                              // at once, or null
//     if (!stream) stream = co_await connections.open(deadline, Http1::possible);  // null: that
//     ...                                                            // client_stream.hpp
//
// A connection is usable once the service has said its SETTINGS. Who speaks HTTP/1 instead is
// remembered for limits::http2_refused_time; who hangs up without a word, which a process that is
// just ending does as well, for limits::http2_doubted_time. GOAWAY: streams above its last go on
// with Answer::unsent, the others to their end, and the next request opens another connection. A
// connection that is silent while answers are awaited is asked (PING) and given up without an
// answer. Cost: no system call per request, but one send for all that a turn of the loop submits,
// and one receive for the answers that have come.
#pragma once

#include <memory>
#include <vector>

#include "http/h2/client_session.hpp"
#include "http/message.hpp"
#include "http/upstream.hpp"

namespace grover::http::h2 {

/// What else the service may speak: `never` is for services that are known to speak HTTP/2, of
/// which nothing is remembered.
enum class Http1 { possible, never };

/// Belongs to its loop's thread. Streams may outlive it.
class ClientConnections {
public:
    using TimePoint = ClientSession::TimePoint;

    /// Connects as `upstream`, an origin without TLS, which must outlive this.
    ClientConnections(net::Loop& loop, Upstream& upstream, ClientOptions options = {});
    ~ClientConnections();
    ClientConnections(ClientConnections const&) = delete;
    ClientConnections& operator=(ClientConnections const&) = delete;

    /// A stream on a connection that is there; null when there is none with room.
    ClientStreamPtr kept();
    /// The same, or on a new connection, which requests that need it wait for together. Null when
    /// the service speaks HTTP/1 only, where that is possible. Throws Error: unavailable, or
    /// gateway_timeout when `deadline` was the reason and not limits::connect_time_max. Must not
    /// outlive this.
    net::Task<ClientStreamPtr> open(Deadline deadline, Http1 http1);
    /// The service spoke HTTP/1, or hung up, when it was last asked.
    bool refused(TimePoint now) const noexcept { return now < refused_until_; }

    /// Idle time and keep-alive. For the loop's sweep.
    void sweep(TimePoint now);
    /// No connection that is idle is kept.
    void drop_idle();
    std::size_t size() const noexcept { return sessions_.size(); }

private:
    net::Task<> connect(Deadline deadline, Http1 http1);
    net::Task<> wait_for_connection(Deadline deadline);

    net::Loop& loop_;
    Upstream& upstream_;
    ClientOptions const options_;
    std::vector<std::shared_ptr<ClientSession>> sessions_;  // shared with their streams
    bool connecting_ = false;
    std::uint64_t failures_ = 0;
    std::vector<net::Signal*> waiting_;
    TimePoint refused_until_{};
};

}  // namespace grover::http::h2
