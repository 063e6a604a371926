#include "http/h2/client_session.hpp"

#include <array>
#include <tuple>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace grover::http::h2 {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t spare_streams_max = 64;
constexpr std::size_t spare_stream_bytes_max = 32 << 10;
constexpr std::size_t output_bytes_kept_max = 64 << 10;

}  // namespace

/// Set once for all sessions.
struct ClientSession::ClientCallbacks : CallbacksOf<ClientSession> {
    ClientCallbacks() {
        ::nghttp2_session_callbacks_set_on_invalid_header_callback(
            native, [](nghttp2_session*, nghttp2_frame const* frame, std::uint8_t const*,
                       std::size_t, std::uint8_t const*, std::size_t, std::uint8_t,
                       void* user) { return self(user).on_invalid_header(*frame); });
    }
};

ClientSession::ClientSession(net::Loop& loop, std::unique_ptr<UpstreamConnection> connection,
                             ClientOptions const& options)
    : Session(loop),
      connection_(std::move(connection)),
      options_(options),
      input_(std::make_unique_for_overwrite<char[]>(limits::http2_client_read_bytes)),
      guard_(Steady::now()),
      ready_signal_(loop),
      now_(Steady::now()),
      heard_at_(now_),
      turned_at_(now_) {
    static ClientCallbacks const callbacks;
    require(::nghttp2_session_client_new2(&native_, callbacks.native, static_cast<Session*>(this),
                                          Session::options()));
    say_settings({NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, limits::http2_client_connection_window_bytes);
}

ClientSession::~ClientSession() {
    streams_.clear_and_dispose([](ClientStream* stream) { delete stream; });
}

void ClientSession::start() {
    connection_->stream.never_expires();
    flush_soon();
    boost::asio::co_spawn(
        loop_.executor(), [self = shared_from_this()] { return self->run(); },
        boost::asio::detached);
}

net::Task<> ClientSession::run() {
    while (!ended_) {
        auto const [error, count] = co_await connection_->read_some(
            boost::asio::buffer(input_.get(), limits::http2_client_read_bytes));
        if (error || count == 0) break;
        take_input({input_.get(), count});
    }
    ended_ = true;
    give_up();
    connection_->stream.close();
    for (auto& stream : streams_) stream.on_connection_lost(broken_, served_ || going_away_);
    for (auto at = streams_.begin(); at != streams_.end();) {
        auto& stream = *at++;
        if (!stream.session_) recycle(stream);
    }
    ready_signal_.notify();
    co_await until_quiet();
}

void ClientSession::take_input(std::string_view bytes) {
    if (!ready_ && bytes.starts_with("HTTP/1")) speaks_http1_ = true;
    heard_ = true;
    if (!feed(bytes)) {
        leaving_ = true;
        require(::nghttp2_session_terminate_session(native_, NGHTTP2_ENHANCE_YOUR_CALM));
    }
    // At once: streams that are reset for what came should know it before their readers do.
    if (::nghttp2_session_want_write(native_) != 0 || wants_nothing()) flush_at_once();
}

net::Task<bool> ClientSession::ready(TimePoint until) {
    while (!ready_ && !ended_)
        if (!co_await ready_signal_.wait(until)) break;
    co_return ready_;
}

// --- streams ---

bool ClientSession::has_room() const noexcept {
    if (!ready_ || going_away() || begun_ >= options_.requests_max) return false;
    auto const theirs =
        ::nghttp2_session_get_remote_settings(native_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return open_ < std::min<std::size_t>(options_.streams_max, theirs);
}

ClientStreamPtr ClientSession::open_stream() {
    if (spare_.empty()) spare_.push_back(std::make_unique<ClientStream>(loop_));
    auto* const stream = spare_.back().release();
    spare_.pop_back();
    streams_.push_back(*stream);
    if (open_++ == 0) turned_at_ = now_;
    ++begun_;
    stream->open(shared_from_this());
    return ClientStreamPtr(stream);
}

/// False when there can be no more streams.
bool ClientSession::submit(ClientStream& stream, BodyFollows body) {
    if (going_away()) return false;
    static thread_local FieldList list;
    list.clear();
    stream.fields_.append_to(list);
    auto provider = stream.outgoing_.provider();
    auto const id =
        ::nghttp2_submit_request(native_, nullptr, list.data(), list.size(),
                                 body == BodyFollows::yes ? &provider : nullptr, &stream);
    if (id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE) return false;
    require(id);
    stream.id_ = id;
    flush_soon();
    return true;
}

void ClientSession::output_ready(std::int32_t id) {
    // Refused when nghttp2 has not asked yet, or is sending the rest: then it asks by itself.
    std::ignore = ::nghttp2_session_resume_data(native_, id);
    flush_soon();
}

void ClientSession::consumed(std::int32_t id, std::size_t bytes) {
    if (ended_) return;
    require(::nghttp2_session_consume_stream(native_, id, bytes));
    flush_soon();
}

void ClientSession::let_go(ClientStream& stream) {
    if (stream.closed() || stream.id_ == 0 || ended_) return recycle(stream);
    require(::nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL));
    flush_soon();  // It is ours until nghttp2 has closed it.
}

void ClientSession::recycle(ClientStream& stream) {
    stream.unlink();
    --open_;
    std::unique_ptr<ClientStream> owned(&stream);
    if (spare_.size() < spare_streams_max && owned->buffer_bytes() <= spare_stream_bytes_max)
        spare_.push_back(std::move(owned));
    if (open_ > 0) return;
    turned_at_ = now_;
    if (leaving_) finish_leaving();
    if (going_away_) flush_soon();
}

ClientStream* ClientSession::find(std::int32_t id) const noexcept {
    return static_cast<ClientStream*>(::nghttp2_session_get_stream_user_data(native_, id));
}

// --- while nghttp2 is fed ---

int ClientSession::on_begin_frame(nghttp2_frame_hd const& head) {
    if (head.type == NGHTTP2_HEADERS) guard_.begin_block();
    bool const empty = head.type == NGHTTP2_DATA && head.length == 0 && !ends_stream(head);
    auto const flood = empty ? Flood::empty_frames : flood_of(head.type);
    // Too many of them: the connection ends.
    return !flood || guard_.take(*flood, now_) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int ClientSession::on_header(nghttp2_frame const& frame, std::string_view name,
                             std::string_view value) {
    auto* const stream = find(frame.hd.stream_id);
    if (stream == nullptr || stream->on_header(name, value)) return 0;
    stream->on_malformed();
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/// nghttp2 would leave it out.
int ClientSession::on_invalid_header(nghttp2_frame const& frame) {
    if (auto* const stream = find(frame.hd.stream_id)) stream->on_malformed();
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int ClientSession::on_headers(nghttp2_frame const& frame) {
    auto* const stream = find(frame.hd.stream_id);
    if (stream == nullptr) return 0;
    bool const good =
        stream->on_headers_complete(ends_stream(frame.hd) ? BodyFollows::no : BodyFollows::yes);
    if (good) return 0;
    stream->on_malformed();
    require(::nghttp2_submit_rst_stream(native_, NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                                        NGHTTP2_PROTOCOL_ERROR));
    return 0;
}

int ClientSession::on_frame(nghttp2_frame const& frame) {
    auto* const stream = frame.hd.stream_id == 0 ? nullptr : find(frame.hd.stream_id);
    switch (frame.hd.type) {
        case NGHTTP2_SETTINGS:
            if ((frame.hd.flags & NGHTTP2_FLAG_ACK) == 0 && !std::exchange(ready_, true))
                ready_signal_.notify();
            break;
        case NGHTTP2_GOAWAY:
            going_away_ = true;
            break;
        case NGHTTP2_RST_STREAM:
            if (stream != nullptr) stream->on_reset_by_service();
            break;
        case NGHTTP2_HEADERS:
            on_headers(frame);
            break;
        default:
            break;
    }
    if (stream != nullptr && ends_stream(frame.hd)) {
        served_ = true;
        stream->on_end();
    }
    return 0;
}

int ClientSession::on_invalid_frame(nghttp2_frame const& frame) {
    if (auto* const stream = find(frame.hd.stream_id)) stream->on_malformed();
    return 0;
}

int ClientSession::on_data(std::int32_t id, std::string_view bytes) {
    require(::nghttp2_session_consume_connection(native_, bytes.size()));
    if (auto* const stream = find(id); stream != nullptr && stream->session_)
        stream->on_data(bytes);
    return 0;
}

int ClientSession::on_close(std::int32_t id, std::uint32_t code) {
    auto* const stream = find(id);
    if (stream == nullptr) return 0;
    // A PROTOCOL_ERROR that the service has not said is ours: nghttp2 has found the answer wrong.
    if (code == NGHTTP2_PROTOCOL_ERROR && !stream->reset_by_service_) stream->on_malformed();
    stream->on_closed(code, going_away());
    if (!stream->session_) recycle(*stream);
    return 0;
}

// --- output ---

bool ClientSession::transmit_now() noexcept {
    auto const sent = connection_->write_now({boost::asio::buffer(output_), {}});
    output_.erase(0, sent);
    return output_.empty();
}

net::Task<bool> ClientSession::transmit() {
    connection_->stream.expires_at(Steady::now() + limits::write_time_max);
    auto const error = co_await connection_->write({boost::asio::buffer(output_), {}});
    connection_->stream.never_expires();
    output_.clear();
    co_return !error;
}

void ClientSession::on_data_frame(nghttp2_frame const& frame, std::size_t bytes) {
    guard_.sent_data();
    auto& stream = *find(frame.hd.stream_id);
    output_ += stream.outgoing_.front(bytes);
    stream.outgoing_.consume(bytes);
    stream.on_sent();
}

int ClientSession::on_frame_sent(nghttp2_frame const& frame) {
    // nghttp2 or we have found something that no service may say.
    if (frame.hd.type == NGHTTP2_GOAWAY)
        broken_ = broken_ || frame.goaway.error_code != NGHTTP2_NO_ERROR;
    if (frame.hd.type != NGHTTP2_HEADERS) return 0;
    if (auto* const stream = find(frame.hd.stream_id)) stream->head_sent_ = true;
    return 0;
}

void ClientSession::on_flushed() {
    if (open_ == 0 && output_.capacity() > output_bytes_kept_max) output_ = {};
    if (ended_ || !wants_nothing()) return;
    ended_ = true;
    give_up();
    connection_->stream.close();
}

// --- the end ---

void ClientSession::leave() {
    if (ended_ || std::exchange(leaving_, true)) return;
    if (open_ == 0) finish_leaving();
}

void ClientSession::finish_leaving() {
    if (ended_) return;
    require(::nghttp2_session_terminate_session(native_, NGHTTP2_NO_ERROR));
    flush_soon();
}

void ClientSession::sweep(TimePoint now) {
    now_ = now;
    if (ended_) return;
    if (std::exchange(heard_, false)) {
        heard_at_ = now;
        pinged_at_.reset();
    }
    if (open_ == 0) {
        pinged_at_.reset();
        if (now - turned_at_ >= options_.idle_time_max) leave();
        return;
    }
    auto const silent_since = std::max(heard_at_, turned_at_);
    if (!pinged_at_ && now - silent_since >= options_.ping_after) {
        require(::nghttp2_submit_ping(native_, NGHTTP2_FLAG_NONE, nullptr));
        flush_soon();
        pinged_at_ = now;
    } else if (pinged_at_ && now - *pinged_at_ >= options_.ping_time_max) {
        connection_->stream.close();  // Nobody is there: the reader ends, and all streams with it.
    }
}

}  // namespace grover::http::h2
