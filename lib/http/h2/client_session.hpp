// The client's side of one HTTP/2 connection in clear text (RFC 9113, prior knowledge): the streams
// of one loop to one service. Internal to ClientConnections, which has the contract.
//
// What a service can make this cost is bounded: header lists (ReplyFields), bytes that wait for
// their readers (a window each), frames that bring nothing (flood_guard.hpp). Pushes are refused.
// The connection's own window is large and given back as bytes come in: only a stream can stall.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "http/h2/client_stream.hpp"
#include "http/h2/flood_guard.hpp"
#include "http/h2/session.hpp"
#include "http/upstream.hpp"

namespace grover::http::h2 {

struct ClientOptions {
    std::size_t streams_max = limits::http2_client_streams_max;
    std::size_t requests_max = limits::http2_client_requests_max;  // then another connection
    std::chrono::milliseconds idle_time_max = limits::upstream_idle_time_max;
    std::chrono::milliseconds ping_after = limits::http2_ping_after;
    std::chrono::milliseconds ping_time_max = limits::http2_ping_time_max;
};

class ClientSession final : public Session, public std::enable_shared_from_this<ClientSession> {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    ClientSession(net::Loop& loop, std::unique_ptr<UpstreamConnection> connection,
                  ClientOptions const& options);
    ~ClientSession() override;

    /// Says the preface and reads from now on. It lives while the connection or a stream does.
    void start();
    /// True when the service has said its SETTINGS; false at `until`, or when the connection ends
    /// without.
    net::Task<bool> ready(TimePoint until);
    /// What came instead of SETTINGS was an answer of HTTP/1.
    bool speaks_http1() const noexcept { return speaks_http1_; }

    /// The connection is gone.
    bool ended() const noexcept { return ended_; }
    /// One more request may begin.
    bool has_room() const noexcept;
    /// has_room() will not come back.
    bool going_away() const noexcept { return going_away_ || leaving_ || ended_; }
    ClientStreamPtr open_stream();
    bool idle() const noexcept { return open_ == 0; }
    /// No more streams from here on; it ends with the last one.
    void leave();
    /// Idle time and keep-alive (PING).
    void sweep(TimePoint now);

private:
    friend class ClientStream;
    friend struct LetGo;
    friend struct CallbacksOf<ClientSession>;
    struct ClientCallbacks;

    // For the streams.
    bool submit(ClientStream& stream, BodyFollows body);
    void output_ready(std::int32_t id);
    void consumed(std::int32_t id, std::size_t bytes);
    void let_go(ClientStream& stream);

    // nghttp2 calls these while it is fed.
    int on_begin_frame(nghttp2_frame_hd const& head);
    int on_header(nghttp2_frame const& frame, std::string_view name, std::string_view value);
    int on_invalid_header(nghttp2_frame const& frame);
    int on_frame(nghttp2_frame const& frame);
    int on_headers(nghttp2_frame const& frame);
    int on_invalid_frame(nghttp2_frame const& frame);
    int on_data(std::int32_t id, std::string_view bytes);
    int on_close(std::int32_t id, std::uint32_t code);
    int on_frame_sent(nghttp2_frame const& frame);

    net::Task<> run();
    void take_input(std::string_view bytes);
    void finish_leaving();
    void recycle(ClientStream& stream);
    ClientStream* find(std::int32_t id) const noexcept;

    net::Task<bool> transmit() override;
    bool transmit_now() noexcept override;
    std::string& output() noexcept override { return output_; }
    void on_flushed() override;
    void on_lost() override { connection_->stream.close(); }
    void on_data_frame(nghttp2_frame const& frame, std::size_t bytes) override;

    std::unique_ptr<UpstreamConnection> connection_;
    ClientOptions const options_;
    std::string output_;
    std::unique_ptr<char[]> input_;
    FloodGuard guard_;
    boost::intrusive::list<ClientStream, boost::intrusive::constant_time_size<false>> streams_;
    std::vector<std::unique_ptr<ClientStream>> spare_;
    std::size_t open_ = 0;   // in streams_
    std::size_t begun_ = 0;  // of all time
    net::Signal ready_signal_;
    bool ready_ = false;
    bool speaks_http1_ = false;
    bool served_ = false;      // a whole answer has come
    bool going_away_ = false;  // the service has said GOAWAY
    bool leaving_ = false;     // we go
    bool broken_ = false;      // the service has broken the rules
    bool ended_ = false;
    bool heard_ = true;  // since the last sweep
    TimePoint now_;      // of the last sweep
    TimePoint heard_at_;
    TimePoint turned_at_;  // idle or busy since
    std::optional<TimePoint> pinged_at_;
};

}  // namespace grover::http::h2
