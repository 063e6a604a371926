#include "net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include <boost/asio/error.hpp>

namespace grover::net {

Stream::Stream(Loop& loop, Socket socket) : Stream(loop) {
    channel_ = loop.engine().adopt(socket.release());
}

void Stream::read(Operation& operation, Buffers const& buffers) {
    if (!channel_) return loop_.complete(operation, asio::error::bad_descriptor);
    if (buffers.bytes == 0) return loop_.complete(operation, {});
    channel_->read(operation, buffers);
}

void Stream::write(Operation& operation, Buffers const& buffers) {
    if (!channel_) return loop_.complete(operation, asio::error::bad_descriptor);
    if (buffers.bytes == 0) return loop_.complete(operation, {});
    channel_->write(operation, buffers);
}

void Stream::connect(Operation& operation, SocketAddress const& address) {
    int const descriptor = loop_.engine().open_socket(address.protocol().family());
    if (descriptor < 0) return loop_.complete(operation, {errno, boost::system::system_category()});
    channel_ = loop_.engine().adopt(descriptor);
    channel_->connect(operation, address);
}

void Stream::without_delay() noexcept {
    int const on = 1;  // A unix socket has no such option.
    if (channel_) ::setsockopt(channel_->descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool Stream::stale() noexcept {
    return !channel_ || channel_->stale();
}

bool Stream::other_side_has_ended() const noexcept {
    if (!channel_) return true;
    pollfd asked{channel_->descriptor(), POLLRDHUP, 0};
    return ::poll(&asked, 1, 0) > 0;
}

void Stream::shutdown_send() noexcept {
    if (channel_) channel_->shutdown_send();
}

void Stream::abort() noexcept {
    constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
    if (channel_)
        ::setsockopt(channel_->descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void Stream::on_expiry() noexcept {
    if (channel_) channel_->cancel();
}

}  // namespace grover::net
