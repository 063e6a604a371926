#include "http/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <new>

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

namespace grover::http {
namespace {

namespace asio = boost::asio;
using Error = TlsStream::Error;

/// A whole record and what goes with it (RFC 8446 section 5.2).
constexpr std::size_t records_read_bytes = 17 << 10;
constexpr std::size_t record_overhead_bytes = 64;
constexpr std::size_t sealed_kept_max = 20 << 10;

/// Of the call that has just failed.
Error last_error() {
    auto const code = ::ERR_peek_last_error();
    if (code == 0) return asio::ssl::error::stream_truncated;
    return {static_cast<int>(code), asio::error::get_ssl_category()};
}

}  // namespace

class TlsStream::Impl {
public:
    Impl(net::Stream& below, asio::ssl::context& context)
        : below_(below), ssl_(::SSL_new(context.native_handle())) {
        auto* const bio = ssl_ ? ::BIO_new(method()) : nullptr;
        if (bio == nullptr) throw std::bad_alloc();
        ::BIO_set_data(bio, this);
        ::BIO_set_init(bio, 1);
        ::SSL_set_bio(ssl_.get(), bio, bio);
        ::SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
    }

    SSL* native() const noexcept { return ssl_.get(); }

    net::Task<Error> handshake();
    net::Task<std::tuple<Error, std::size_t>> read_some(asio::mutable_buffer space);
    /// Adds the records of it to those that are to be sent.
    Error seal(asio::const_buffer plain) noexcept;
    bool send_now() noexcept;
    /// Until everything that is sealed has been sent. For who writes, one at a time.
    net::Task<Error> send();
    bool pending() const noexcept { return failure_ || !sealed_.empty(); }

private:
    struct Free {
        void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
    };

    // OpenSSL's side of the memory.
    static BIO_METHOD const* method();
    static Impl& of(BIO* bio) noexcept { return *static_cast<Impl*>(::BIO_get_data(bio)); }
    int take_records(char* space, int size) noexcept;
    int put_records(char const* bytes, int size) noexcept;

    /// More records from below.
    net::Task<Error> fill();

    net::Stream& below_;
    std::unique_ptr<SSL, Free> ssl_;
    std::unique_ptr<char[]> records_;  // as they came, from begin_ to end_
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool ended_ = false;     // nothing comes any more
    std::string sealed_;     // records to be sent
    std::string under_way_;  // those that are being sent, while sending_
    bool sending_ = false;
    Error failure_;  // of sending: for good
};

BIO_METHOD const* TlsStream::Impl::method() {
    static BIO_METHOD* const made = [] {
        auto* const out = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "grover");
        if (out == nullptr) throw std::bad_alloc();
        ::BIO_meth_set_read(out, [](BIO* bio, char* space, int size) {
            ::BIO_clear_retry_flags(bio);
            auto& self = of(bio);
            auto const count = self.take_records(space, size);
            if (count > 0 || self.ended_) return count;
            ::BIO_set_retry_read(bio);
            return -1;
        });
        ::BIO_meth_set_write(out, [](BIO* bio, char const* bytes, int size) {
            ::BIO_clear_retry_flags(bio);
            return of(bio).put_records(bytes, size);
        });
        ::BIO_meth_set_ctrl(out, [](BIO* bio, int command, long, void*) -> long {
            if (command == BIO_CTRL_EOF) return of(bio).ended_ ? 1 : 0;
            return command == BIO_CTRL_FLUSH ? 1 : 0;
        });
        return out;
    }();
    return made;
}

int TlsStream::Impl::take_records(char* space, int size) noexcept {
    auto const count = std::min(static_cast<std::size_t>(std::max(size, 0)), end_ - begin_);
    if (count > 0) std::memcpy(space, records_.get() + begin_, count);
    begin_ += count;
    return static_cast<int>(count);
}

int TlsStream::Impl::put_records(char const* bytes, int size) noexcept {
    try {
        sealed_.append(bytes, static_cast<std::size_t>(std::max(size, 0)));
        return size;
    } catch (std::bad_alloc const&) {
        return -1;
    }
}

net::Task<Error> TlsStream::Impl::fill() {
    if (!records_) records_ = std::make_unique_for_overwrite<char[]>(records_read_bytes);
    auto const [error, count] = co_await below_.async_read_some(
        asio::buffer(records_.get(), records_read_bytes), net::use_tuple);
    begin_ = 0;
    end_ = error ? 0 : count;
    ended_ = error == asio::error::eof;
    co_return ended_ ? Error() : error;
}

net::Task<Error> TlsStream::Impl::handshake() {
    for (;;) {
        ::ERR_clear_error();
        auto const done = ::SSL_do_handshake(native());
        auto const reason = ::SSL_get_error(native(), done);
        Error failure;
        if (reason != SSL_ERROR_NONE && reason != SSL_ERROR_WANT_READ) failure = last_error();
        if (reason == SSL_ERROR_WANT_READ) {
            if (auto const error = co_await send()) co_return error;
            if (auto const error = co_await fill()) co_return error;
            continue;
        }
        // A refusal has its alert, success the session's tickets.
        auto const error = co_await send();
        co_return failure ? failure : error;
    }
}

net::Task<std::tuple<Error, std::size_t>> TlsStream::Impl::read_some(asio::mutable_buffer space) {
    for (;;) {
        std::size_t count = 0;
        ::ERR_clear_error();
        auto const done = ::SSL_read_ex(native(), space.data(), space.size(), &count);
        if (done == 1) co_return std::tuple(Error(), count);
        auto const reason = ::SSL_get_error(native(), done);
        auto failure = reason == SSL_ERROR_WANT_READ     ? Error()
                       : reason == SSL_ERROR_ZERO_RETURN ? Error(asio::error::eof)
                                                         : last_error();
        // An alert, or a key's update: without waiting, or two who write at each other would wait
        // for ever. What is left goes with what is written next.
        send_now();
        if (failure) co_return std::tuple(failure, std::size_t(0));
        if (auto const error = co_await fill()) co_return std::tuple(error, std::size_t(0));
    }
}

Error TlsStream::Impl::seal(asio::const_buffer plain) noexcept {
    if (failure_ || plain.size() == 0) return failure_;
    auto const records = plain.size() / SSL3_RT_MAX_PLAIN_LENGTH + 1;
    try {
        sealed_.reserve(sealed_.size() + plain.size() + records * record_overhead_bytes);
    } catch (std::bad_alloc const&) {
        return failure_ = asio::error::no_memory;
    }
    std::size_t count = 0;
    ::ERR_clear_error();
    if (::SSL_write_ex(native(), plain.data(), plain.size(), &count) != 1) failure_ = last_error();
    return failure_;
}

bool TlsStream::Impl::send_now() noexcept {
    if (failure_ || sending_) return false;
    if (sealed_.empty()) return true;
    auto const count = below_.write_now(asio::buffer(sealed_));
    sealed_.erase(0, count);
    if (!sealed_.empty()) return false;
    if (sealed_.capacity() > sealed_kept_max) sealed_ = {};
    return true;
}

net::Task<Error> TlsStream::Impl::send() {
    while (!sealed_.empty() && !failure_) {
        if (send_now()) break;
        sending_ = true;
        std::swap(sealed_, under_way_);
        auto const [error, count] =
            co_await asio::async_write(below_, asio::buffer(under_way_), net::use_tuple);
        under_way_.clear();
        sending_ = false;
        failure_ = error;
    }
    if (under_way_.capacity() > sealed_kept_max) under_way_ = {};
    co_return failure_;
}

TlsStream::TlsStream(net::Stream& below, asio::ssl::context& context)
    : impl_(std::make_unique<Impl>(below, context)) {}
TlsStream::~TlsStream() = default;

net::Task<Error> TlsStream::accept() {
    ::SSL_set_accept_state(impl_->native());
    return impl_->handshake();
}

net::Task<Error> TlsStream::connect(std::string const& host) {
    auto* const ssl = impl_->native();
    ::SSL_set_connect_state(ssl);
    ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (::SSL_set1_host(ssl, host.c_str()) != 1) co_return last_error();
    ::SSL_set_tlsext_host_name(ssl, host.c_str());
    co_return co_await impl_->handshake();
}

net::Task<std::tuple<Error, std::size_t>> TlsStream::read_some(asio::mutable_buffer space) {
    return impl_->read_some(space);
}

net::Task<Error> TlsStream::write(Buffers buffers) {
    for (auto const& buffer : buffers)
        if (auto const error = impl_->seal(buffer)) co_return error;
    co_return co_await impl_->send();
}

bool TlsStream::pending() const noexcept {
    return impl_->pending();
}

bool TlsStream::write_now(Buffers buffers) noexcept {
    for (auto const& buffer : buffers)
        if (impl_->seal(buffer)) return false;
    return impl_->send_now();
}

net::Task<> TlsStream::finish() {
    ::ERR_clear_error();
    ::SSL_shutdown(impl_->native());
    // Whoever has gone without a word is gone all the same.
    co_await impl_->send();
}

std::string_view TlsStream::protocol() const noexcept {
    unsigned char const* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(impl_->native(), &name, &size);
    return {reinterpret_cast<char const*>(name), size};
}

}  // namespace grover::http
