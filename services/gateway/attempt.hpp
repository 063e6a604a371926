// One try to get an answer from one instance: over a connection of its own (Http1Attempt), or as a
// stream among others. What tries (tries.hpp) and what delivers (deliver.hpp) see no more than
// this.
//
//     auto const outcome = co_await attempt.ask(forward);
//     if (outcome == Outcome::answered) {
//         attempt.head().status ...
//         for (;;) {
//             auto const piece = attempt.take();         // what is there already
//             ...
//             if (piece.end != Attempt::End::no) break;
//             co_await attempt.receive();
//         }
//         attempt.done();
//     }
//
// An attempt that is destroyed before its answer's end takes its connection (or stream) with it.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "gateway/forward.hpp"
#include "http/duplex.hpp"
#include "http/head_parser.hpp"
#include "net/task.hpp"

namespace grover::gateway {

enum class Outcome {
    answered,  // head() is there
    unsent,    // the service has certainly not acted on it: no connection, or refused unread
    lost,      // the connection ended; whether the service has acted is unknown
    late,      // no answer in time; the same
    broken,    // what came is no answer
};

class Attempt {
public:
    virtual ~Attempt() = default;

    /// Sends the request, its body as it comes, and reads up to the end of the answer's head;
    /// interim answers (1xx) are passed over. Once. Throws what reading the client's body throws.
    /// A `forward` that is whole() need not outlive the first suspension. The answer to one that is
    /// not may come before its body's end, which goes on beside it: then one of the two below ends
    /// it, whatever became of the answer.
    virtual net::Task<Outcome> ask(Forward const& forward) = 0;
    /// Waits until the body is sent, or client or service end it. After an error (4xx, 5xx) no more
    /// of it is read.
    virtual net::Task<> finish_body() { co_return; }
    /// Sends no more of it.
    virtual net::Task<> drop_body() { co_return; }
    /// Ends ask() soon, with Outcome::lost: somebody else has answered.
    virtual void cancel() noexcept = 0;
    /// When the service had the whole request, where that was later than ask() began: max() while
    /// its body is not through.
    virtual std::chrono::steady_clock::time_point whole_at() const noexcept { return {}; }
    /// Not a byte of an answer has come.
    virtual bool heard_nothing() const noexcept = 0;
    /// After Outcome::lost or unsent: the connection had served before, or said that it ends, and
    /// nothing of an answer came. The instance was about to close it, and may be well.
    virtual bool maybe_stale() const noexcept = 0;

    /// Of the answer; its views live until the first take().
    virtual http::ReplyHead const& head() const noexcept = 0;

    enum class End {
        no,   // more is to come
        yes,  // these are the last bytes
        cut,  // the answer breaks off here: whoever gets it must notice
    };
    struct Piece {
        std::string_view bytes;  // live until the next take() or receive()
        End end = End::no;
    };
    /// What has come of the body and was not yet taken. With the framing that head() names: chunks
    /// are chunks (http::BodyFraming takes the content out); bare content when it ends with the
    /// connection.
    virtual Piece take() noexcept = 0;
    /// Waits for more, after a take() that was not the end; no longer than Forward::stream says.
    virtual net::Task<> receive() = 0;
    /// Instead, after the answer 101 to a Forward that is for a WebSocket: the service's end of it.
    /// Must not outlive this. Only HTTP/1.1 gives such an answer.
    virtual std::unique_ptr<http::Duplex> tunnel() { return nullptr; }
    /// The answer was taken to its end: what it came on may serve others.
    virtual void done() noexcept = 0;
};

}  // namespace grover::gateway
