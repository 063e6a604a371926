#include "http/duplex.hpp"

#include <utility>

#include <boost/asio/write.hpp>

#include "base/limits.hpp"
#include "http/tls_stream.hpp"

namespace grover::http {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

class ConnectionTunnel final : public Duplex {
public:
    ConnectionTunnel(net::Stream& stream, TlsStream* tls, std::string_view before)
        : stream_(stream), tls_(tls), before_(before) {}

    net::Task<std::string_view> read() override;
    net::Task<bool> write(std::string_view bytes) override;
    bool finish() noexcept override;
    void expires_at(TimePoint deadline) noexcept override { stream_.expires_at(deadline); }
    bool is_open() const noexcept override { return stream_.is_open(); }

private:
    /// The deadline has passed and was moved before the operation's end was heard of.
    bool has_time_again(Error error) const noexcept {
        return error == asio::error::operation_aborted && stream_.is_open() && !stream_.expired();
    }

    net::Stream& stream_;
    TlsStream* const tls_;
    std::string_view before_;
    std::unique_ptr<char[]> buffer_;
};

net::Task<std::string_view> ConnectionTunnel::read() {
    if (!before_.empty()) co_return std::exchange(before_, {});
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(limits::tunnel_buffer_bytes);
    asio::mutable_buffer const space(buffer_.get(), limits::tunnel_buffer_bytes);
    for (;;) {
        Error error;
        std::size_t count = 0;
        if (tls_)
            std::tie(error, count) = co_await tls_->read_some(space);
        else
            std::tie(error, count) = co_await stream_.async_read_some(space, net::use_tuple);
        if (has_time_again(error)) continue;
        co_return std::string_view(buffer_.get(), error ? 0 : count);
    }
}

net::Task<bool> ConnectionTunnel::write(std::string_view bytes) {
    if (tls_) co_return !co_await tls_->write({asio::buffer(bytes), asio::const_buffer()});
    bytes.remove_prefix(stream_.write_now(asio::buffer(bytes)));
    while (!bytes.empty()) {
        auto const [error, count] =
            co_await asio::async_write(stream_, asio::buffer(bytes), net::use_tuple);
        bytes.remove_prefix(count);
        if (error && !has_time_again(error)) co_return false;
    }
    co_return true;
}

bool ConnectionTunnel::finish() noexcept {
    if (tls_) return false;
    stream_.shutdown_send();
    return true;
}

}  // namespace

std::unique_ptr<Duplex> make_tunnel(net::Stream& stream, TlsStream* tls, std::string_view before) {
    return std::make_unique<ConnectionTunnel>(stream, tls, before);
}

}  // namespace grover::http
