// One request and its answer by HTTP/2: a stream among others of a shared connection.
//
//     auto stream = connections.kept();                     // ClientConnections
//     stream->fields().add(":method", "GET");               // pseudo-fields first
//     ...
//     stream->submit("GET", BodyFollows::no);
//     while (stream->answer() == ClientStream::Answer::waiting)
//         if (!co_await stream->wait(deadline)) ...         // late
//     if (stream->answered()) use(stream->head(), stream->received());
//
// Who lets the pointer go before the answer's end gives the request up: RST_STREAM(CANCEL). What is
// submitted in one turn of the loop leaves in one send. An answer comes no faster than it is
// consumed: a slow reader stalls its stream and no other. Belongs to its loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/intrusive/list.hpp>

#include "http/h2/http1_body.hpp"
#include "http/h2/reply_fields.hpp"
#include "http/h2/session.hpp"
#include "net/signal.hpp"

namespace grover::http::h2 {

class ClientSession;
class ClientStream;

/// Gives a stream back to its session.
struct LetGo {
    void operator()(ClientStream* stream) const noexcept;
};
using ClientStreamPtr = std::unique_ptr<ClientStream, LetGo>;

class ClientStream : public boost::intrusive::list_base_hook<
                         boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    using TimePoint = net::Signal::TimePoint;

    explicit ClientStream(net::Loop& loop) : arrived_(loop), drained_(loop) {}

    // --- the request ---

    /// Its fields; names in any case. Before submit().
    FieldText& fields() noexcept { return fields_; }
    /// Of the body; before end().
    FieldText& trailers() noexcept { return outgoing_.trailers; }
    /// Once. `method` is the one among the fields.
    void submit(std::string_view method, BodyFollows body);
    /// Takes as much content as there is room for, and says how much.
    std::size_t write_now(std::string_view content);
    /// Takes all, waiting for room. False: the rest is not wanted any more, or `until` has passed.
    net::Task<bool> write(std::string_view content, TimePoint until);
    /// The body ends.
    void end();
    /// After that, and a whole answer: waits until the body has left, or is not wanted any more.
    net::Task<> settled(TimePoint until);
    /// A write() that waits ends; the body has no end.
    void drop_body() noexcept;

    // --- the answer ---

    enum class Answer {
        waiting,  // for its head
        begun,    // head() is there, and more is to come
        whole,    // all of it is there
        unsent,   // there will be none: the service has certainly not acted on the request
        lost,     // it breaks off here, or has not begun; whether the service has acted is unknown
        malformed,  // what came is no answer
    };
    Answer answer() const noexcept { return answer_; }
    bool answered() const noexcept { return answer_ == Answer::begun || answer_ == Answer::whole; }
    /// Nothing of an answer has come, not even a refusal.
    bool heard_nothing() const noexcept { return heard_nothing_ && !reset_by_service_; }
    /// The failure is one of the connection, which had served before or was told to end: the
    /// service may be well.
    bool connection_ended() const noexcept { return connection_ended_; }
    ReplyHead const& head() const noexcept { return reply_.head(); }
    /// Waits until something has come, or the request is over. False at `until`.
    net::Task<bool> wait(TimePoint until) { return arrived_.wait(until); }

    /// Content that has come and was not taken.
    std::size_t received() const noexcept { return incoming_.size(); }
    /// Swaps it into `out`, which is empty.
    void take(std::string& out) noexcept { std::swap(out, incoming_); }
    /// So much of what was taken is used up: the service may send as much again.
    void consumed(std::size_t bytes);
    /// For a body of unknown length: frames content as HTTP/1.1 has it, trailers behind the last.
    ChunkWriter const& chunks() const noexcept { return chunks_; }

    /// Ends every wait soon: the answer is lost.
    void cancel() noexcept;

private:
    friend class ClientSession;
    friend struct LetGo;

    bool wants_body() const noexcept {
        // A whole answer may be to what comes still, until the service resets the stream.
        return !closed_ && !body_dropped_ && answer_ <= Answer::whole;
    }
    void open(std::shared_ptr<ClientSession> session);
    bool closed() const noexcept { return closed_; }
    std::size_t buffer_bytes() const noexcept {
        return incoming_.capacity() + outgoing_.capacity() + fields_.capacity();
    }

    // For the session, while nghttp2 is fed.
    bool on_header(std::string_view name, std::string_view value);
    bool on_headers_complete(BodyFollows body);
    void on_data(std::string_view bytes);
    void on_end();
    void on_reset_by_service() noexcept { reset_by_service_ = true; }
    void on_malformed() noexcept { malformed_ = true; }
    void on_sent() noexcept;
    void on_closed(std::uint32_t code, bool connection_is_ending);
    void on_connection_lost(bool broken, bool had_served);
    void fail(Answer how);
    void wake() noexcept;

    std::shared_ptr<ClientSession> session_;  // while somebody has this stream
    std::int32_t id_ = 0;                     // 0: not submitted
    bool closed_ = false;                     // nghttp2 does not know it any more
    bool head_sent_ = false;
    bool body_dropped_ = false;

    FieldText fields_;
    std::string method_;
    OutgoingBody outgoing_;
    ReplyFields reply_;
    bool head_complete_ = false;  // of the final answer
    int interims_ = 0;
    Answer answer_ = Answer::waiting;
    bool heard_nothing_ = true;
    bool connection_ended_ = false;
    bool malformed_ = false;
    bool reset_by_service_ = false;
    std::string incoming_;
    ChunkWriter chunks_;
    net::Signal arrived_;
    net::Signal drained_;
};

}  // namespace grover::http::h2
