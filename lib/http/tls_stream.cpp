#include "http/tls_stream.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

namespace grover::http {

namespace asio = boost::asio;

class TlsStream::Impl {
public:
    Impl(net::Stream& below, asio::ssl::context& context) : stream(below, context) {}
    asio::ssl::stream<net::Stream&> stream;
};

TlsStream::TlsStream(net::Stream& below, asio::ssl::context& context)
    : impl_(std::make_unique<Impl>(below, context)) {}
TlsStream::~TlsStream() = default;

net::Task<TlsStream::Error> TlsStream::accept() {
    auto const [error] =
        co_await impl_->stream.async_handshake(asio::ssl::stream_base::server, net::use_tuple);
    co_return error;
}

net::Task<TlsStream::Error> TlsStream::connect(std::string const& host) {
    impl_->stream.set_verify_callback(asio::ssl::host_name_verification(host));
    ::SSL_set_tlsext_host_name(impl_->stream.native_handle(), host.c_str());
    auto const [error] =
        co_await impl_->stream.async_handshake(asio::ssl::stream_base::client, net::use_tuple);
    co_return error;
}

net::Task<std::tuple<TlsStream::Error, std::size_t>> TlsStream::read_some(
    asio::mutable_buffer space) {
    return impl_->stream.async_read_some(space, net::use_tuple);
}

net::Task<TlsStream::Error> TlsStream::write(Buffers buffers) {
    auto const [error, count] = co_await asio::async_write(impl_->stream, buffers, net::use_tuple);
    co_return error;
}

net::Task<> TlsStream::finish() {
    // Whoever has gone without a word is gone all the same.
    co_await impl_->stream.async_shutdown(net::use_tuple);
}

std::string_view TlsStream::protocol() const noexcept {
    unsigned char const* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(impl_->stream.native_handle(), &name, &size);
    return {reinterpret_cast<char const*>(name), size};
}

}  // namespace grover::http
