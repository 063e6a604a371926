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
#include <vector>

#include "http/duplex.hpp"
#include "http/head_parser.hpp"
#include "http/message.hpp"
#include "http/trace.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace grover::http {

struct Shard;

/// The client is gone, or has not read for too long: there is nobody to answer.
class Disconnected : public std::exception {
public:
    char const* what() const noexcept override { return "the client is gone"; }
};

/// Belongs to its connection, on the loop's thread. Reading and writing may overlap, two reads or
/// two writes may not. The handler sees one protocol: what comes by HTTP/2 (http/h2/exchange.hpp)
/// looks as it would by HTTP/1.1.
class Exchange {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Exchange(Exchange const&) = delete;
    Exchange& operator=(Exchange const&) = delete;

    // --- the request ---

    /// Its views live until the handler returns.
    RequestHead const& head() const noexcept { return *head_; }
    net::Loop& loop() const noexcept;
    /// "http", or "https" for what came through TLS.
    std::string_view scheme() const noexcept { return scheme_; }
    std::string const& request_id() const noexcept { return request_id_; }
    TraceContext const& trace() const noexcept { return trace_; }
    /// The client's address: "127.0.0.1", "unix".
    std::string const& peer_address() const noexcept { return peer_address_; }
    /// The other end speaks for this client: peer_address() from now on.
    void speaks_for(std::string_view address) { peer_address_ = address; }
    TimePoint started() const noexcept { return started_; }
    /// When the last of the request came that was read: its head, or a piece of its body.
    TimePoint moved() const noexcept { return moved_; }
    /// Until when it is to be answered. Moves on with the body, which takes as long as the client
    /// likes within its own limits.
    TimePoint deadline() const noexcept { return moved_ + time_; }

    /// Bodies larger than this end in Error(too_large). Before the first read.
    void limit_body(std::uint64_t bytes) noexcept { body_bytes_left_ = bytes; }
    virtual bool body_complete() const noexcept = 0;
    /// The next bytes of the body with their framing; empty at the end. They live until the next
    /// read. Throws Error (malformed, too_large, request_timeout) or Disconnected.
    virtual net::Task<std::string_view> read_raw() = 0;
    /// The same, content only.
    virtual net::Task<std::string_view> read_content() = 0;
    /// Waits for more of the body, about until then: false while none is there. Then it may still
    /// come.
    virtual net::Task<bool> body_comes(TimePoint until) = 0;
    /// Nobody waits for it any longer: Error (request_timeout), counted.
    [[noreturn]] void body_is_late();
    /// A read that is under way ends within about a sweep of the loop, as further ones do, in
    /// Disconnected. The answer is none the worse.
    virtual void stop_reading() noexcept = 0;
    /// The client has closed, has ended its side, or has reset the stream: an answer would find
    /// nobody. Costs a system call.
    virtual bool client_has_left() const noexcept = 0;
    /// All content that is left.
    net::Task<std::string> read_all();

    // --- the answer: begin, field..., then finish, or stream, write..., end ---

    /// A field of whatever answer this request gets, the problem that an Error becomes included:
    /// for what is known before there is an answer. `name` must live until then.
    void answer_field(std::string_view name, std::string_view value);
    /// Fields whose names begin so are answer_field()'s alone: field() leaves them out. `prefix`
    /// must live as long as this request.
    void reserve_fields(std::string_view prefix) noexcept { reserved_ = prefix; }
    /// Starts the head. Once more before anything was sent: forgets what was begun.
    void begin(int status);
    /// Without Connection and X-Request-ID, which are the exchange's own, as is Date where none is
    /// given. Throws std::invalid_argument when the field would break the head.
    void field(std::string_view name, std::string_view value) {
        if (reserved_.empty() || !is_reserved(name)) put_field(name, value);
    }
    /// The whole body. Sent at once, or with the answers of the requests that came with this one.
    virtual net::Task<> finish(std::string_view body) = 0;

    enum class Transfer {
        relayed,  // pieces are framed as the fields say; chunks are not for HTTP/1.0
        chunked,  // the exchange frames them: chunked, or until close for HTTP/1.0
    };
    virtual void stream(Transfer transfer) = 0;
    /// Sends a piece, the first with the head in one write.
    virtual net::Task<> write(std::string_view piece) = 0;
    /// The last piece, collected like finish() when nothing was sent before it.
    virtual net::Task<> end(std::string_view last = {}) = 0;

    /// After begin(101) and its fields, Upgrade among them, to a request that wants_websocket:
    /// sends the head, and what the connection is from then on. The answer has ended with it; the
    /// bytes both ways are the handler's until it returns, and must be let go by then.
    virtual net::Task<std::unique_ptr<Duplex>> open_tunnel() = 0;

    /// Something of this answer has left the process: it is too late for another.
    virtual bool sent() const noexcept = 0;
    bool ended() const noexcept { return state_ == Answer::ended; }
    int status() const noexcept { return status_; }
    /// The handler has logged and counted this request: the server need not tell its observer.
    void set_observed() noexcept { observed_ = true; }
    bool observed() const noexcept { return observed_; }
    /// Of the answer's body, as far as it was written.
    std::uint64_t body_bytes_written() const noexcept { return body_bytes_written_; }

protected:
    enum class Answer { none, head, streaming, ended };

    Exchange(Shard& shard, std::string peer, std::string_view scheme)
        : shard_(shard), peer_(std::move(peer)), scheme_(scheme) {}
    ~Exchange() = default;

    /// A new request: `head` must live until the next one.
    void start(RequestHead const& head, TimePoint now);
    /// The answer to this request has no body, whatever its fields say.
    bool bodiless() const noexcept;
    /// Accounts for `piece_bytes` of the request's body, of which so many more are announced.
    /// Throws Error(too_large).
    void admit(std::uint64_t piece_bytes, std::uint64_t announced);
    /// A body that moves gets its time again for every body_period_bytes.
    void body_has_moved(std::size_t bytes) noexcept;

    /// Starts or restarts the head for `status_`.
    virtual void begin_head() = 0;
    virtual void put_field(std::string_view name, std::string_view value) = 0;

    Shard& shard_;
    RequestHead const* head_ = nullptr;
    TimePoint body_until_{};
    Answer state_ = Answer::none;
    Transfer transfer_ = Transfer::relayed;
    int status_ = 0;
    bool dated_ = false;  // the handler has given a Date: that of a stored answer
    std::uint64_t body_bytes_written_ = 0;
    bool observed_ = false;

private:
    bool is_reserved(std::string_view name) const noexcept;

    std::string const peer_;  // of the connection
    std::string_view const scheme_;
    std::string request_id_;
    TraceContext trace_;
    std::string peer_address_;
    TimePoint started_{};
    TimePoint moved_{};
    std::chrono::milliseconds time_{};  // for the answer
    std::uint64_t body_bytes_left_ = 0;
    std::uint64_t body_bytes_in_period_ = 0;

    struct AnswerField {
        std::string_view name;
        std::size_t value_size;
    };
    std::vector<AnswerField> answer_fields_;
    std::string answer_values_;  // one after the other
    std::string_view reserved_;
};

}  // namespace grover::http
