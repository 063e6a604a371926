// One request and its answer on a server's connection, piece by piece: what the gateway's relay and
// everything that streams is made of. Handlers of complete messages (http/server.hpp) sit on it.
//
//     net::Task<> hello(http::Exchange& exchange) {
//         exchange.begin(200);
//         exchange.field("Content-Type", "text/plain");
//         co_await exchange.finish("hello");         // adds Content-Length, Date, X-Request-ID
//     }
//
// A relay passes both bodies on as they are framed:
//
//     while (!exchange.body_complete()) co_await upstream.write(co_await exchange.read_raw());
//     exchange.begin(reply.status);
//     for (auto [name, value] : reply.fields) exchange.field(name, value);   // framing fields too
//     exchange.stream(Exchange::Transfer::relayed);
//     co_await exchange.write(first_bytes);          // one send with the head
//     ...
//     co_await exchange.end();
//
// Cost: a whole exchange of a small message is one receive and one send, shared with what is
// pipelined beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "http/body_framing.hpp"
#include "http/head_parser.hpp"
#include "http/message.hpp"
#include "http/trace.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace grover::http {

class Wire;

/// The client is gone, or has not read for too long: there is nobody to answer.
class Disconnected : public std::exception {
public:
    char const* what() const noexcept override { return "the client is gone"; }
};

/// Belongs to its connection, which calls one handler at a time; on the loop's thread. Reading and
/// writing may overlap, two reads or two writes may not.
class Exchange {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // --- the request ---

    /// Its views live until the handler returns.
    RequestHead const& head() const noexcept { return *head_; }
    net::Loop& loop() const noexcept;
    std::string const& request_id() const noexcept { return request_id_; }
    TraceContext const& trace() const noexcept { return trace_; }
    /// The client's address: "127.0.0.1", "unix".
    std::string const& peer_address() const noexcept { return peer_address_; }
    TimePoint started() const noexcept { return started_; }
    TimePoint deadline() const noexcept { return deadline_; }

    /// Bodies larger than this end in Error(too_large). Before the first read.
    void limit_body(std::uint64_t bytes) noexcept { body_bytes_left_ = bytes; }
    bool body_complete() const noexcept { return body_.complete(); }
    /// The next bytes of the body with their framing; empty at the end. They live until the next
    /// read. Throws Error (malformed, too_large, request_timeout) or Disconnected.
    net::Task<std::string_view> read_raw();
    /// The same, content only.
    net::Task<std::string_view> read_content();
    /// All content that is left.
    net::Task<std::string> read_all();

    // --- the answer: begin, field..., then finish, or stream, write..., end ---

    /// Starts the head. Once more before anything was sent: forgets what was begun.
    void begin(int status);
    /// Without Date, Connection and X-Request-ID, which are the exchange's own. Throws
    /// std::invalid_argument when the field would break the head.
    void field(std::string_view name, std::string_view value);
    /// The whole body. Sent at once, or with the answers of the requests that came with this one.
    net::Task<> finish(std::string_view body);

    enum class Transfer {
        relayed,  // pieces are framed as the fields say; chunks are not for HTTP/1.0
        chunked,  // the exchange frames them: chunked, or until close for HTTP/1.0
    };
    void stream(Transfer transfer);
    /// Sends a piece, the first with the head in one write.
    net::Task<> write(std::string_view piece);
    /// The last piece, collected like finish() when nothing was sent before it.
    net::Task<> end(std::string_view last = {});

    /// Something of this answer has left the process: it is too late for another.
    bool sent() const noexcept;
    bool ended() const noexcept { return state_ == Answer::ended; }
    int status() const noexcept { return status_; }
    /// Of the answer's body, as far as it was written.
    std::uint64_t body_bytes_written() const noexcept { return body_bytes_written_; }

private:
    friend class Connection;
    enum class Answer { none, head, streaming, ended };

    Exchange(Wire& wire, std::string peer) : wire_(wire), peer_(std::move(peer)) {}
    void start(RequestHead const& head, TimePoint now);
    /// After the handler: puts what belongs to the next request back. False when the connection
    /// must end.
    bool settle();

    net::Task<> receive();
    std::string_view take(std::string_view piece, std::size_t used);
    bool body_ends_in_sight() const noexcept;
    bool bodiless() const noexcept;
    void end_head();
    void append_chunk(std::string_view piece);
    net::Task<> collect(std::string_view bytes);

    Wire& wire_;
    std::string const peer_;  // of the connection

    RequestHead const* head_ = nullptr;
    std::string request_id_;
    TraceContext trace_;
    std::string peer_address_;
    TimePoint started_{};
    TimePoint deadline_{};

    BodyFraming body_;
    std::string_view source_;      // received and not yet handed out
    bool source_in_body_ = false;  // source_ lies in body_buffer_, not behind the head
    bool continued_ = false;       // nothing is owed to "Expect: 100-continue"
    std::uint64_t body_bytes_left_ = 0;
    std::uint64_t body_bytes_in_period_ = 0;
    TimePoint body_until_{};
    std::unique_ptr<char[]> body_buffer_;

    Answer state_ = Answer::none;
    Transfer transfer_ = Transfer::relayed;
    int status_ = 0;
    bool keep_alive_ = false;
    std::size_t answer_at_ = 0;        // where this answer begins in the collected output
    std::uint64_t writes_before_ = 0;  // of the wire, when it began
    std::uint64_t body_bytes_written_ = 0;
};

}  // namespace grover::http
