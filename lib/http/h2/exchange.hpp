// An exchange by HTTP/2: one stream of a server's session. Internal to the server.
//
// Flow control is the back-pressure: a body is let in as the handler reads it, and an answer is
// taken from the handler as the client reads it. Both buffers are bounded, by the stream's window
// and by StreamOutput::bytes_max.
#pragma once

#include <boost/intrusive/list.hpp>

#include "http/exchange.hpp"
#include "http/h2/http1_body.hpp"
#include "http/h2/request_fields.hpp"
#include "http/h2/session.hpp"
#include "net/expiring.hpp"
#include "net/signal.hpp"

namespace grover::http::h2 {

class ServerSession;

class StreamExchange final : public Exchange,
                             public boost::intrusive::list_base_hook<
                                 boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    StreamExchange(ServerSession& session, Shard& shard, std::string peer, std::string_view scheme);

    // --- for the session ---

    void open(std::int32_t id);
    std::int32_t id() const noexcept { return id_; }
    RequestFields& fields() noexcept { return fields_; }
    /// Both have come: the handler may be called.
    void start(RequestHead const& head, TimePoint now);
    void on_data(std::string_view bytes);
    /// False for one too many.
    bool on_trailer(std::string_view name, std::string_view value);
    void on_input_end();
    bool input_ended() const noexcept { return input_ended_; }
    /// The stream was reset, or its connection is lost.
    void on_gone();
    /// nghttp2 knows the stream.
    bool open() const noexcept { return open_; }
    void on_closed() noexcept {
        open_ = false;
        unread_.never_expires();
    }
    /// A handler has it.
    bool running() const noexcept { return running_; }
    /// The handler has returned: nobody reads what still comes.
    bool finished() const noexcept { return finished_; }
    void on_finished() noexcept;
    /// All of the answer has left, and nobody reads what the client still sends.
    bool answered_early() const noexcept { return end_sent_ && finished_ && !input_ended_; }
    void on_end_sent() noexcept {
        end_sent_ = true;
        unread_.never_expires();
    }
    /// Received and not read: what the connection's window lacks.
    std::size_t unread() const noexcept { return incoming_.size(); }
    StreamOutput& outgoing() noexcept { return outgoing_; }
    /// What it holds on to for its next request.
    std::size_t buffer_bytes() const noexcept {
        return incoming_.capacity() + handed_.capacity() + outgoing_.capacity();
    }
    void on_sent();

    // --- Exchange ---

    bool body_complete() const noexcept override;
    bool client_has_left() const noexcept override { return gone_ || !open_; }
    net::Task<std::string_view> read_raw() override;
    net::Task<std::string_view> read_content() override;
    net::Task<bool> body_comes(TimePoint until) override;
    void stop_reading() noexcept override;
    void put_field(std::string_view name, std::string_view value) override;
    net::Task<> finish(std::string_view body) override;
    void stream(Transfer transfer) override;
    net::Task<> write(std::string_view piece) override;
    net::Task<> end(std::string_view last) override;
    net::Task<std::unique_ptr<Duplex>> open_tunnel() override;
    bool sent() const noexcept override { return submitted_; }

private:
    /// By when the answer of a handler that has returned must have left.
    class Unread final : public net::Expiring {
    public:
        Unread(StreamExchange& stream, net::Loop& loop) : Expiring(loop), stream_(stream) {}

    private:
        void on_expiry() noexcept override;
        StreamExchange& stream_;
    };

    void begin_head() override;
    net::Task<> receive();
    void submit(bool body_follows);
    void submit_interim();
    /// Puts bytes out, waiting for room as often as needed.
    net::Task<> put(std::string_view bytes);
    net::Task<> put_relayed(std::string_view piece);
    void end_output();

    ServerSession& session_;
    std::int32_t id_ = 0;
    bool open_ = false;
    bool running_ = false;
    bool finished_ = false;
    bool end_sent_ = false;
    bool gone_ = false;

    RequestFields fields_;
    std::string incoming_;         // received and not read
    std::string handed_;           // what the last read gave
    ChunkWriter chunks_;           // of a body whose length is not known
    std::uint64_t body_left_ = 0;  // of a body whose length is known
    bool input_ended_ = false;
    bool end_handed_ = false;  // of a body whose length is not known
    bool continued_ = false;   // nothing is owed to "Expect: 100-continue"
    bool stopped_ = false;     // nobody reads any more
    net::Signal arrived_;

    FieldText answer_;
    bool answer_is_chunked_ = false;  // as a relay frames it
    RelayedBody relayed_;
    bool submitted_ = false;
    OutgoingBody outgoing_;
    net::Signal drained_;
    Unread unread_;
};

}  // namespace grover::http::h2
