// What both sides of an HTTP/2 connection share: nghttp2's state machine, and its output, which is
// collected over a turn of the loop and leaves in one send. Internal to lib/http.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/h2/field_list.hpp"
#include "net/loop.hpp"
#include "net/signal.hpp"
#include "net/task.hpp"

namespace grover::http::h2 {

/// Bytes of one stream that wait until the other side takes them: what is written goes behind, what
/// nghttp2 frames comes off the front.
class StreamOutput {
public:
    /// More than this is not buffered: the writer waits.
    static constexpr std::size_t bytes_max = 64 << 10;

    std::size_t size() const noexcept { return bytes_.size() - begin_; }
    std::size_t capacity() const noexcept { return bytes_.capacity(); }
    std::size_t room() const noexcept { return bytes_max - std::min(size(), bytes_max); }
    void append(std::string_view bytes) { bytes_ += bytes; }
    std::string_view front(std::size_t count) const noexcept {
        return std::string_view(bytes_).substr(begin_, count);
    }
    void consume(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == bytes_.size()) clear();
    }
    void clear() noexcept {
        bytes_.clear();
        begin_ = 0;
    }

private:
    std::string bytes_;
    std::size_t begin_ = 0;
};

/// The body of a message on its way out, as nghttp2 asks for it: DATA frames, then trailers or
/// END_STREAM.
class OutgoingBody : public StreamOutput {
public:
    bool ended = false;  // nothing is appended any more
    FieldText trailers;

    void clear() noexcept {
        StreamOutput::clear();
        ended = false;
        trailers.clear();
    }
    /// Refers to this, until nghttp2 closes the stream.
    nghttp2_data_provider provider() noexcept {
        nghttp2_data_provider out{};
        out.source.ptr = this;
        out.read_callback = read;
        return out;
    }

private:
    static ssize_t read(nghttp2_session* native, std::int32_t id, std::uint8_t*, std::size_t length,
                        std::uint32_t* flags, nghttp2_data_source* source, void*);
};

class Session {
public:
    /// More than this is not collected for one send.
    static constexpr std::size_t output_bytes_max = 128 << 10;

    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    /// What nghttp2 has to say leaves at the end of this turn.
    void flush_soon();

protected:
    explicit Session(net::Loop& loop) : loop_(loop), quiet_(loop) {}
    virtual ~Session();

    /// The callbacks that every session has; more are set before a session is made of them.
    struct Callbacks {
        Callbacks();
        ~Callbacks();
        Callbacks(Callbacks const&) = delete;
        Callbacks& operator=(Callbacks const&) = delete;
        nghttp2_session_callbacks* native = nullptr;
    };
    /// Those that both sides have, as members of `Side` by these names.
    template <class Side>
    struct CallbacksOf : Callbacks {
        CallbacksOf();
        static std::string_view view(std::uint8_t const* data, std::size_t size) noexcept {
            return {reinterpret_cast<char const*>(data), size};
        }
        static Side& self(void* user_data) noexcept { return static_cast<Side&>(of(user_data)); }
    };
    static Session& of(void* user_data) noexcept { return *static_cast<Session*>(user_data); }
    /// What every session asks of nghttp2.
    static nghttp2_option const* options();
    static bool ends_stream(nghttp2_frame_hd const& head) noexcept {
        return (head.type == NGHTTP2_HEADERS || head.type == NGHTTP2_DATA) &&
               (head.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    }
    /// The first thing to say: our limits, after one `own` to the side, and the connection's
    /// window.
    void say_settings(nghttp2_settings_entry own, std::size_t connection_window_bytes);
    /// nghttp2's failures here are broken invariants or a lack of memory.
    static void require(int result);

    /// Hands received bytes to nghttp2. False when the connection cannot go on: nghttp2 has queued
    /// why.
    bool feed(std::string_view bytes);
    /// What nghttp2 has to say leaves now, or with what is being sent.
    void flush_at_once() {
        if (!sending_) flush();
    }
    bool wants_nothing() const noexcept {
        return ::nghttp2_session_want_read(native_) == 0 &&
               ::nghttp2_session_want_write(native_) == 0;
    }
    /// Nothing more is sent: nghttp2 is not asked any more, so its streams may go.
    void give_up() noexcept { lost_ = true; }
    /// Returns when nothing of this session runs or is under way any more.
    net::Task<> until_quiet();

    /// Sends output() and empties it. False when the connection is lost.
    virtual net::Task<bool> transmit() = 0;
    /// The same if that needs no waiting; false when transmit() has to.
    virtual bool transmit_now() noexcept = 0;
    virtual std::string& output() noexcept = 0;
    /// All that there was to say has left.
    virtual void on_flushed() {}
    virtual void on_lost() {}
    /// A DATA frame is framed. Its payload is appended to output().
    virtual void on_data_frame(nghttp2_frame const& frame, std::size_t bytes) = 0;

    net::Loop& loop_;
    nghttp2_session* native_ = nullptr;
    std::size_t running_ = 0;  // coroutines that use this session

private:
    static ssize_t on_send(nghttp2_session*, std::uint8_t const* data, std::size_t size, int,
                           void* user_data);
    static int on_send_data(nghttp2_session*, nghttp2_frame* frame, std::uint8_t const* head,
                            std::size_t size, nghttp2_data_source*, void* user_data);
    void flush();
    net::Task<> send_all();

    net::Signal quiet_;
    bool scheduled_ = false;
    bool sending_ = false;
    bool lost_ = false;

protected:
    /// For who has counted `running_` down.
    void notify_quiet() { quiet_.notify(); }
};

template <class Side>
Session::CallbacksOf<Side>::CallbacksOf() {
    ::nghttp2_session_callbacks_set_on_begin_frame_callback(
        native, [](nghttp2_session*, nghttp2_frame_hd const* head, void* user) {
            return self(user).on_begin_frame(*head);
        });
    ::nghttp2_session_callbacks_set_on_header_callback(
        native, [](nghttp2_session*, nghttp2_frame const* frame, std::uint8_t const* name,
                   std::size_t name_size, std::uint8_t const* value, std::size_t value_size,
                   std::uint8_t, void* user) {
            return self(user).on_header(*frame, view(name, name_size), view(value, value_size));
        });
    ::nghttp2_session_callbacks_set_on_frame_recv_callback(
        native, [](nghttp2_session*, nghttp2_frame const* frame, void* user) {
            return self(user).on_frame(*frame);
        });
    ::nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
        native, [](nghttp2_session*, nghttp2_frame const* frame, int, void* user) {
            return self(user).on_invalid_frame(*frame);
        });
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        native,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, std::uint8_t const* data,
           std::size_t size, void* user) { return self(user).on_data(id, view(data, size)); });
    ::nghttp2_session_callbacks_set_on_stream_close_callback(
        native, [](nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
            return self(user).on_close(id, code);
        });
    ::nghttp2_session_callbacks_set_on_frame_send_callback(
        native, [](nghttp2_session*, nghttp2_frame const* frame, void* user) {
            return self(user).on_frame_sent(*frame);
        });
}

}  // namespace grover::http::h2
