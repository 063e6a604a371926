// Long: one class, whose callbacks, streams and bookkeeping of floods share one state.
#include "http/h2/server_session.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/limits.hpp"
#include "http/answer.hpp"

namespace grover::http::h2 {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t skipped_ranges_max = 16;
constexpr std::size_t spare_streams_max = 32;
constexpr std::size_t spare_streams_idle_max = 2;
constexpr std::size_t spare_stream_bytes_max = 32 << 10;
constexpr std::size_t output_bytes_kept_max = 16 << 10;

}  // namespace

/// Set once for all sessions.
struct ServerSession::ServerCallbacks : CallbacksOf<ServerSession> {
    ServerCallbacks() {
        ::nghttp2_session_callbacks_set_on_begin_headers_callback(
            native, [](nghttp2_session*, nghttp2_frame const* frame, void* user) {
                return self(user).on_begin_headers(*frame);
            });
    }
};

ServerSession::ServerSession(Wire& wire, std::string peer, std::string_view scheme)
    : Session(wire.shard.loop), wire_(wire), peer_(std::move(peer)), scheme_(scheme), guard_(now_) {
    static ServerCallbacks const callbacks;
    require(::nghttp2_session_server_new2(&native_, callbacks.native, static_cast<Session*>(this),
                                          Session::options()));
    auto const& options = wire_.shard.options;
    say_settings({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                  static_cast<std::uint32_t>(options.http2_streams_max)},
                 options.http2_connection_window_bytes);
}

ServerSession::~ServerSession() {
    // Only a loop that has ended leaves any.
    streams_.clear_and_dispose([](StreamExchange* stream) { delete stream; });
}

net::Task<> ServerSession::serve() {
    auto& input = wire_.input;
    while (!ending_) {
        now_ = Steady::now();
        if (!input.empty()) take_input();
        flush_soon();
        auto const got = co_await wire_.read(input.space(), read_until());
        if (got.late)
            on_late();
        else if (got.count == 0)
            break;
        input.commit(got.count);
    }
    give_up();
    abandon_streams();
    co_await until_quiet();
    if (ending_) co_await wire_.linger();
}

void ServerSession::take_input() {
    auto& input = wire_.input;
    if (!leaving_)
        walk_.on(input.unread(), [this](nghttp2_frame_hd const& frame) {
            if (frame.type == NGHTTP2_DATA && frame.length == 0 && !ends_stream(frame))
                take(Flood::empty_frames);
        });
    bool const good = leaving_ || feed(input.unread());
    input.consume(input.unread().size());
    if (flood_)
        go_away(NGHTTP2_ENHANCE_YOUR_CALM);
    else if (!good)
        go_away(NGHTTP2_PROTOCOL_ERROR);
    start_handlers();
}

// --- while nghttp2 is fed ---

void ServerSession::take(Flood kind) {
    if (guard_.take(kind, now_) || flood_) return;
    flood_ = kind;
    wire_.shard.floods[static_cast<std::size_t>(kind)].add();
}

/// On a connection of our own gateway they are those of many clients, whom it limits itself; what
/// is at work at once is limited all the same.
void ServerSession::take_reset() {
    if (!wire_.shard.options.behind_gateway) take(Flood::resets);
}

int ServerSession::on_begin_frame(nghttp2_frame_hd const& head) {
    if (head.type != NGHTTP2_CONTINUATION) block_until_.reset();
    switch (head.type) {
        case NGHTTP2_HEADERS:
            if (was_skipped(head.stream_id)) return NGHTTP2_ERR_CALLBACK_FAILURE;
            guard_.begin_block();
            block_until_ = now_ + wire_.shard.options.header_time_max;
            break;
        case NGHTTP2_RST_STREAM:
            take_reset();
            break;
        default:
            break;
    }
    if (auto const flood = flood_of(head.type)) take(*flood);
    // What follows in this read would be work for nothing.
    return flood_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/// RFC 9113 section 5.1.1: with a stream's first use those below it that were not used are over.
/// nghttp2 takes them for streams that were closed.
bool ServerSession::was_skipped(std::int32_t id) const noexcept {
    return std::ranges::any_of(
        skipped_, [&](auto const& range) { return range.first <= id && id <= range.last; });
}

void ServerSession::note_skipped(std::int32_t id) {
    if (id > last_id_ + 2 && skipped_.size() < skipped_ranges_max)
        skipped_.push_back({last_id_ + 2, id - 2});
    last_id_ = id;
}

StreamExchange* ServerSession::find(std::int32_t id) const noexcept {
    return static_cast<StreamExchange*>(::nghttp2_session_get_stream_user_data(native_, id));
}

int ServerSession::on_begin_headers(nghttp2_frame const& frame) {
    if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    auto const id = frame.hd.stream_id;
    note_skipped(id);
    // Handlers whose streams were reset are still at work: no client may pile them up.
    if (open_ >= 2 * wire_.shard.options.http2_streams_max) {
        take_reset();
        require(
            ::nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM));
        return 0;
    }
    if (spare_.empty())
        spare_.push_back(std::make_unique<StreamExchange>(*this, wire_.shard, peer_, scheme_));
    auto* const stream = spare_.back().release();
    spare_.pop_back();
    streams_.push_back(*stream);
    ++open_;
    stream->open(id);
    require(::nghttp2_session_set_stream_user_data(native_, id, stream));
    return 0;
}

int ServerSession::on_header(nghttp2_frame const& frame, std::string_view name,
                             std::string_view value) {
    auto* const stream = find(frame.hd.stream_id);
    bool const wanted = stream != nullptr && (frame.headers.cat != NGHTTP2_HCAT_REQUEST
                                                  ? stream->on_trailer(name, value)
                                                  : stream->fields().add(name, value));
    if (!wanted) take(Flood::fields);
    return flood_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

void ServerSession::on_headers_complete(nghttp2_frame const& frame) {
    block_until_.reset();
    auto* const stream = find(frame.hd.stream_id);
    if (stream == nullptr || frame.headers.cat != NGHTTP2_HCAT_REQUEST) return;
    auto refusal =
        stream->fields().finish(ends_stream(frame.hd) ? BodyFollows::no : BodyFollows::yes);
    if (refusal) wire_.shard.refused_head(refusal->code);
    ready_.push_back({stream, refusal});
}

int ServerSession::on_frame(nghttp2_frame const& frame) {
    bool const ends = ends_stream(frame.hd);
    switch (frame.hd.type) {
        case NGHTTP2_HEADERS:
            on_headers_complete(frame);
            break;
        case NGHTTP2_DATA:
            if (frame.hd.length > 0 && frame.hd.length == frame.data.padlen && !ends)
                take(Flood::empty_frames);
            break;
        case NGHTTP2_PING:
            // The round trip of drain() is over.
            if (draining_ && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) end();
            return 0;
        default:
            return 0;
    }
    if (ends)
        if (auto* const stream = find(frame.hd.stream_id)) stream->on_input_end();
    return 0;
}

int ServerSession::on_invalid_frame(nghttp2_frame const&) {
    block_until_.reset();
    wire_.shard.malformed.add();
    take(Flood::resets);
    return 0;
}

int ServerSession::on_data(std::int32_t id, std::string_view bytes) {
    auto* const stream = find(id);
    if (stream != nullptr && !stream->finished())
        stream->on_data(bytes);
    else
        require(::nghttp2_session_consume(native_, id, bytes.size()));
    return 0;
}

int ServerSession::on_close(std::int32_t id, std::uint32_t) {
    auto* const stream = find(id);
    if (stream == nullptr) return 0;
    stream->on_closed();
    if (!stream->running()) {
        std::erase_if(ready_, [&](Ready const& one) { return one.stream == stream; });
        release(*stream);
    } else {
        stream->on_gone();
    }
    return 0;
}

// --- handlers ---

void ServerSession::start_handlers() {
    static RequestHead const no_request;
    for (auto const& ready : std::exchange(ready_, {})) {
        ready.stream->start(ready.refusal ? no_request : ready.stream->fields().head(), now_);
        ++running_;
        boost::asio::co_spawn(
            loop_.executor(),
            [this, &exchange = *ready.stream, refusal = ready.refusal] {
                return run(exchange, refusal);
            },
            boost::asio::detached);
    }
}

net::Task<> ServerSession::run(StreamExchange& stream, std::optional<Refusal> refusal) {
    auto& shard = wire_.shard;
    try {
        if (refusal) {
            co_await refuse(stream, shard, Error(refusal->code, std::string(refusal->text)));
        } else {
            shard.requests.add();
            co_await answer(stream, shard);
        }
    } catch (Disconnected const&) {
        // Half an answer must not look like a whole one.
        if (stream.open())
            require(::nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, stream.id(),
                                                NGHTTP2_INTERNAL_ERROR));
    }
    release(stream);
}

/// Both the handler and nghttp2 let go of it, in either order.
void ServerSession::release(StreamExchange& stream) {
    if (stream.running()) {
        stream.on_finished();
        --running_;
        if (stream.unread() > 0) consumed(stream, stream.unread());
        want_no_more(stream);
        flush_soon();
        notify_quiet();
    }
    if (stream.open()) return;
    stream.unlink();
    --open_;
    std::unique_ptr<StreamExchange> owned(&stream);
    if (spare_.size() < spare_streams_max && owned->buffer_bytes() <= spare_stream_bytes_max)
        spare_.push_back(std::move(owned));
    if (open_ > 0) return;
    // Nobody knows for how long.
    if (spare_.size() > spare_streams_idle_max) spare_.resize(spare_streams_idle_max);
    idle_since_ = Steady::now();
    if (!ending_) wire_.read_until(read_until());
}

void ServerSession::submit_answer(std::int32_t id, FieldList const& fields,
                                  nghttp2_data_provider* body) {
    require(::nghttp2_submit_response(native_, id, fields.data(), fields.size(), body));
    flush_soon();
}

void ServerSession::submit_interim(std::int32_t id, FieldList const& fields) {
    require(::nghttp2_submit_headers(native_, NGHTTP2_FLAG_NONE, id, nullptr, fields.data(),
                                     fields.size(), nullptr));
    flush_soon();
}

void ServerSession::output_ready(StreamExchange& stream) {
    // Refused when nghttp2 has not asked yet, or is sending the rest: then it asks by itself.
    std::ignore = ::nghttp2_session_resume_data(native_, stream.id());
    flush_soon();
}

void ServerSession::on_unread(StreamExchange& stream) noexcept {
    wire_.shard.hit(ClientLimit::read_time);
    std::ignore = ::nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, stream.id(),
                                              NGHTTP2_INTERNAL_ERROR);
    flush_soon();
}

void ServerSession::consumed(StreamExchange& stream, std::size_t bytes) {
    if (stream.open())
        require(::nghttp2_session_consume(native_, stream.id(), bytes));
    else
        require(::nghttp2_session_consume_connection(native_, bytes));
    flush_soon();
}

// --- output ---

net::Task<bool> ServerSession::transmit() {
    try {
        co_await wire_.flush();
    } catch (Disconnected const&) {
        co_return false;
    }
    co_return true;
}

void ServerSession::on_data_frame(nghttp2_frame const& frame, std::size_t bytes) {
    guard_.sent_data();
    auto& stream = *find(frame.hd.stream_id);
    wire_.output += stream.outgoing().front(bytes);
    stream.outgoing().consume(bytes);
    stream.on_sent();
}

int ServerSession::on_frame_sent(nghttp2_frame const& frame) {
    // The round trip of drain(): not sooner, because a PING overtakes everything that is queued.
    if (frame.hd.type == NGHTTP2_GOAWAY && draining_ && !last_stream_named_ && !leaving_)
        require(::nghttp2_submit_ping(native_, NGHTTP2_FLAG_NONE, nullptr));
    bool const ends = (frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA) &&
                      (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (!ends) return 0;
    if (auto* const stream = find(frame.hd.stream_id)) {
        stream->on_end_sent();
        want_no_more(*stream);
    }
    return 0;
}

/// RFC 9113 section 8.1: who was answered early need not send the rest.
void ServerSession::want_no_more(StreamExchange& stream) {
    if (stream.open() && stream.answered_early())
        require(
            ::nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, stream.id(), NGHTTP2_NO_ERROR));
}

void ServerSession::on_flushed() {
    if (open_ == 0 && wire_.output.capacity() > output_bytes_kept_max) wire_.output = {};
    if (ending_ || !wants_nothing()) return;
    ending_ = true;
    wire_.stream.shutdown_send();
    wire_.read_until(Steady::now());
}

void ServerSession::on_lost() {
    ending_ = true;
    abandon_streams();
    wire_.stream.close();
}

// --- the end ---

void ServerSession::go_away(std::uint32_t code) {
    leaving_ = true;
    require(::nghttp2_session_terminate_session(native_, code));
}

ServerSession::TimePoint ServerSession::read_until() const noexcept {
    if (leaving_) return TimePoint::max();  // Writing has a deadline of its own.
    if (block_until_) return *block_until_;
    return open_ == 0 ? idle_since_ + wire_.shard.options.idle_time_max : TimePoint::max();
}

void ServerSession::on_late() {
    if (ending_ || Steady::now() < read_until()) return;
    if (block_until_) wire_.shard.hit(ClientLimit::head_time);
    go_away(block_until_ ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_NO_ERROR);
}

void ServerSession::drain() {
    // What has ended may be gone by the end of this turn.
    if (ending_ || std::exchange(draining_, true)) return;
    require(::nghttp2_submit_shutdown_notice(native_));
    flush_soon();
}

void ServerSession::end() {
    draining_ = true;
    if (ending_ || leaving_ || std::exchange(last_stream_named_, true)) return;
    require(::nghttp2_submit_goaway(native_, NGHTTP2_FLAG_NONE,
                                    ::nghttp2_session_get_last_proc_stream_id(native_),
                                    NGHTTP2_NO_ERROR, nullptr, 0));
    flush_soon();
}

void ServerSession::abandon_streams() {
    for (auto& stream : streams_) {
        stream.on_closed();
        stream.on_gone();
    }
    ready_.clear();  // No handler has seen them yet.
    for (auto at = streams_.begin(); at != streams_.end();) {
        auto& stream = *at++;
        if (!stream.running()) release(stream);
    }
}

}  // namespace grover::http::h2
