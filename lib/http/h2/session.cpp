#include "http/h2/session.hpp"

#include <array>
#include <new>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/limits.hpp"

namespace grover::http::h2 {

ssize_t OutgoingBody::read(nghttp2_session* native, std::int32_t id, std::uint8_t*,
                           std::size_t length, std::uint32_t* flags, nghttp2_data_source* source,
                           void*) {
    auto& self = *static_cast<OutgoingBody*>(source->ptr);
    auto const size = std::min(length, self.size());
    if (size == 0 && !self.ended) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (self.ended && size == self.size()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!self.trailers.empty()) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            FieldList list;
            self.trailers.append_to(list);
            if (::nghttp2_submit_trailer(native, id, list.data(), list.size()) != 0)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return static_cast<ssize_t>(size);
}

Session::Callbacks::Callbacks() {
    require(::nghttp2_session_callbacks_new(&native));
    ::nghttp2_session_callbacks_set_send_callback(native, on_send);
    ::nghttp2_session_callbacks_set_send_data_callback(native, on_send_data);
}

Session::Callbacks::~Callbacks() {
    ::nghttp2_session_callbacks_del(native);
}

nghttp2_option const* Session::options() {
    static nghttp2_option const* const out = [] {
        nghttp2_option* made = nullptr;
        require(::nghttp2_option_new(&made));
        ::nghttp2_option_set_no_auto_window_update(made, 1);
        // FloodGuard counts what nghttp2 would count less visibly.
        ::nghttp2_option_set_max_continuations(made, 2 * limits::http2_continuations_max);
        ::nghttp2_option_set_stream_reset_rate_limit(made, 1'000'000, 1'000'000);
        return made;
    }();
    return out;
}

void Session::say_settings(nghttp2_settings_entry own, std::size_t connection_window_bytes) {
    std::array const settings{
        own,
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                               static_cast<std::uint32_t>(limits::header_bytes_max)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                               static_cast<std::uint32_t>(limits::http2_stream_window_bytes)}};
    require(
        ::nghttp2_submit_settings(native_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
    require(::nghttp2_session_set_local_window_size(
        native_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(connection_window_bytes)));
}

Session::~Session() {
    ::nghttp2_session_del(native_);
}

void Session::require(int result) {
    if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    if (result < 0) throw std::logic_error(::nghttp2_strerror(result));
}

ssize_t Session::on_send(nghttp2_session*, std::uint8_t const* data, std::size_t size, int,
                         void* user_data) {
    auto& out = of(user_data).output();
    if (out.size() >= output_bytes_max) return NGHTTP2_ERR_WOULDBLOCK;
    out.append(reinterpret_cast<char const*>(data), size);
    return static_cast<ssize_t>(size);
}

int Session::on_send_data(nghttp2_session*, nghttp2_frame* frame, std::uint8_t const* head,
                          std::size_t size, nghttp2_data_source*, void* user_data) {
    constexpr std::size_t frame_head_bytes = 9;
    auto& self = of(user_data);
    if (self.output().size() >= output_bytes_max) return NGHTTP2_ERR_WOULDBLOCK;
    self.output().append(reinterpret_cast<char const*>(head), frame_head_bytes);
    self.on_data_frame(*frame, size);
    return 0;
}

bool Session::feed(std::string_view bytes) {
    auto const used = ::nghttp2_session_mem_recv(
        native_, reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
    if (used == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    return used >= 0;
}

void Session::flush_soon() {
    if (scheduled_ || sending_ || lost_) return;
    scheduled_ = true;
    loop_.at_end_of_turn([this] {
        scheduled_ = false;
        flush_at_once();
    });
}

/// Collects what may leave in one send, and begins to send it.
void Session::flush() {
    bool waits = false;
    do {
        if (lost_) return quiet_.notify();
        require(::nghttp2_session_send(native_));
        waits = !output().empty() && !transmit_now();
    } while (!waits && !output().empty());
    if (!waits) {
        on_flushed();
        quiet_.notify();
        return;
    }
    sending_ = true;
    boost::asio::co_spawn(loop_.executor(), [this] { return send_all(); }, boost::asio::detached);
}

net::Task<> Session::send_all() {
    do {
        if (!co_await transmit()) lost_ = true;
        // What was said meanwhile did not ask for a turn of its own.
        if (!lost_) require(::nghttp2_session_send(native_));
    } while (!lost_ && !output().empty());
    sending_ = false;
    if (lost_)
        on_lost();
    else
        on_flushed();
    quiet_.notify();
}

net::Task<> Session::until_quiet() {
    while (running_ > 0 || scheduled_ || sending_) co_await quiet_.wait();
}

}  // namespace grover::http::h2
