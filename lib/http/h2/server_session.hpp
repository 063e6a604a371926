// The server's side of one HTTP/2 connection (RFC 9113): every stream is an exchange of its own,
// whose handler runs as a coroutine beside the others. Internal to the server.
//
// What a client can make this cost is bounded: streams at once (http2_streams_max; handlers whose
// streams were reset count until they return), header lists, both windows, and the frames that
// bring nothing (flood_guard.hpp). A broken frame ends its stream or the connection as the RFC
// says; nghttp2 looks at that.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/h2/exchange.hpp"
#include "http/h2/flood_guard.hpp"
#include "http/h2/frame_walk.hpp"
#include "http/h2/session.hpp"
#include "http/wire.hpp"

namespace grover::http::h2 {

/// "PRI * HTTP/2.0...": what a client that speaks HTTP/2 begins with.
inline constexpr std::string_view connection_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class ServerSession final : public Session {
public:
    ServerSession(Wire& wire, std::string peer, std::string_view scheme);
    ~ServerSession() override;

    /// From what the wire's input begins with to the end of the connection and of all handlers.
    net::Task<> serve();
    /// Soon no new streams: the client is told so, and a round trip later, which was the last one
    /// (RFC 9113 section 6.8).
    void drain();
    /// No new streams from here on; those that are there are finished.
    void end();

    // --- for the exchanges ---

    void submit_answer(std::int32_t id, FieldList const& fields, nghttp2_data_provider* body);
    void submit_interim(std::int32_t id, FieldList const& fields);
    void output_ready(StreamExchange& stream);
    /// The client does not read the rest of the answer.
    void on_unread(StreamExchange& stream) noexcept;
    /// The handler has read so many bytes: the client may send as many more.
    void consumed(StreamExchange& stream, std::size_t bytes);

private:
    using TimePoint = std::chrono::steady_clock::time_point;
    friend struct CallbacksOf<ServerSession>;
    struct ServerCallbacks;

    // nghttp2 calls these while it is fed; answers are begun afterwards.
    int on_begin_frame(nghttp2_frame_hd const& head);
    int on_begin_headers(nghttp2_frame const& frame);
    int on_header(nghttp2_frame const& frame, std::string_view name, std::string_view value);
    int on_frame(nghttp2_frame const& frame);
    int on_invalid_frame(nghttp2_frame const& frame);
    int on_data(std::int32_t id, std::string_view bytes);
    int on_close(std::int32_t id, std::uint32_t code);
    int on_frame_sent(nghttp2_frame const& frame);
    void on_headers_complete(nghttp2_frame const& frame);

    bool was_skipped(std::int32_t id) const noexcept;
    void note_skipped(std::int32_t id);
    StreamExchange* find(std::int32_t id) const noexcept;
    void take_input();
    void take_reset();
    void take(Flood kind);
    void start_handlers();
    net::Task<> run(StreamExchange& stream, std::optional<Refusal> refusal);
    void release(StreamExchange& stream);
    void want_no_more(StreamExchange& stream);
    void go_away(std::uint32_t code);
    void on_late();
    TimePoint read_until() const noexcept;
    void abandon_streams();

    net::Task<bool> transmit() override;
    bool transmit_now() noexcept override { return wire_.flush_now(); }
    std::string& output() noexcept override { return wire_.output; }
    void on_flushed() override;
    void on_lost() override;
    void on_data_frame(nghttp2_frame const& frame, std::size_t bytes) override;

    struct Ready {
        StreamExchange* stream;
        std::optional<Refusal> refusal;
    };

    Wire& wire_;
    std::string const peer_;
    std::string_view const scheme_;
    FrameWalk walk_{NGHTTP2_CLIENT_MAGIC_LEN};
    TimePoint now_ = std::chrono::steady_clock::now();
    FloodGuard guard_;
    TimePoint idle_since_ = now_;
    std::optional<TimePoint> block_until_;  // a header block is coming in
    std::optional<Flood> flood_;
    std::vector<Ready> ready_;
    boost::intrusive::list<StreamExchange, boost::intrusive::constant_time_size<false>> streams_;
    std::vector<std::unique_ptr<StreamExchange>> spare_;
    struct Range {
        std::int32_t first, last;
    };
    std::vector<Range> skipped_;  // identifiers of streams that can be no more
    std::int32_t last_id_ = -1;   // of a client's streams
    std::size_t open_ = 0;        // in streams_
    bool draining_ = false;
    bool last_stream_named_ = false;
    bool leaving_ = false;  // the last GOAWAY is said: nothing more is listened to
    bool ending_ = false;   // ... and has left
};

}  // namespace grover::http::h2
