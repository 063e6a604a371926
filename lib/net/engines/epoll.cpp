// The engine that works everywhere: sockets that would block wait for an edge of epoll(7).
//
// Cost: one send for each write and one recv for each read whose bytes are there; a short read or a
// full send buffer is remembered, so that the next one waits without asking. One epoll_ctl for each
// connection, one epoll_wait for each turn.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <boost/asio/error.hpp>
#include <boost/intrusive/list.hpp>

#include "net/engine.hpp"
#include "net/loop.hpp"

namespace grover::net {
namespace {

constexpr int events_max = 256;  // of one turn

ErrorCode last_error() noexcept {
    return {errno, boost::system::system_category()};
}
bool would_block(ErrorCode const& error) noexcept {
    return error == asio::error::would_block || error == asio::error::try_again;
}

class EpollEngine;

class EpollChannel final : public Channel,
                           public boost::intrusive::list_base_hook<
                               boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    EpollChannel(EpollEngine& engine, int descriptor) noexcept
        : Channel(descriptor), engine_(engine) {}

    void read(Operation& operation, Buffers const& buffers) override {
        begin(in_, operation, Doing::reading, buffers);
    }
    void write(Operation& operation, Buffers const& buffers) override {
        begin(out_, operation, Doing::writing, buffers);
    }
    std::size_t write_now(Buffers const& buffers) noexcept override {
        std::size_t count = 0;
        if (out_.ready && send(buffers, count)) count = 0;
        out_.ready = out_.ready && count == buffers.bytes;
        return count;
    }
    void accept(Operation& operation) override {
        begin(in_, operation, Doing::accepting, {});
        if (accepts_no_more_) stop_accepting();
    }
    void stop_accepting() noexcept override {
        accepts_no_more_ = true;
        if (in_.operation) end(in_, asio::error::eof);
    }
    void connect(Operation& operation, SocketAddress const& address) override;
    void cancel() noexcept override;
    void cancel(Operation& operation) noexcept override;
    bool stale() noexcept override {
        // Nothing has come since the last read when the last wait told of nothing.
        if (watched_ != 0 && !in_.ready && !ended_) return false;
        char byte = 0;
        auto const got = ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    }
    void shutdown_send() noexcept override { ::shutdown(descriptor_, SHUT_WR); }
    void release() noexcept override {
        cancel();
        ::close(descriptor_);  // takes it out of the epoll set
        delete this;
    }

    void on_events(std::uint32_t events) noexcept;

private:
    enum class Doing { nothing, reading, accepting, writing, connecting };
    struct Side {
        Operation* operation = nullptr;
        Doing doing = Doing::nothing;
        bool ready = false;  // the last attempt did not exhaust it
        Buffers buffers{};
    };

    void begin(Side& side, Operation& operation, Doing doing, Buffers const& buffers) noexcept;
    void attempt(Side& side) noexcept;
    ErrorCode perform(Side& side, std::size_t& count) noexcept;
    ErrorCode receive(Buffers const& buffers, std::size_t& count) noexcept;
    ErrorCode send(Buffers const& buffers, std::size_t& count) noexcept;
    void end(Side& side, ErrorCode error, std::size_t count = 0) noexcept;
    ErrorCode watch(std::uint32_t events) noexcept;

    EpollEngine& engine_;
    std::uint32_t watched_ = 0;
    bool accepts_no_more_ = false;
    bool ended_ = false;  // nothing more will come: no edge will tell of it again
    Side in_;
    Side out_{.ready = true};
};

class EpollEngine final : public Engine {
public:
    explicit EpollEngine(Loop& loop)
        : loop(loop), set_(::epoll_create1(EPOLL_CLOEXEC)), waker_(::eventfd(0, EFD_CLOEXEC)) {
        if (set_ < 0 || waker_ < 0)
            throw std::system_error(errno, std::system_category(), "an event loop");
        // An edge for each write: nobody has to read it.
        watch(waker_, EPOLL_CTL_ADD, EPOLLIN, nullptr);
    }
    ~EpollEngine() override {
        ::close(waker_);
        ::close(set_);
    }

    int open_socket(int family) noexcept override {
        return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    ChannelPtr adopt(int descriptor) override {
        auto* const channel = new EpollChannel(*this, descriptor);
        channels_.push_back(*channel);
        return ChannelPtr(channel);
    }
    void turn(std::chrono::nanoseconds patience) override {
        // Rounded up: a timer must not find itself early.
        auto const wait = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
        std::array<epoll_event, events_max> events;
        int const count = ::epoll_wait(set_, events.data(), events_max, static_cast<int>(wait));
        for (int i = 0; i < count; ++i)
            if (auto* const channel =
                    static_cast<EpollChannel*>(events[static_cast<std::size_t>(i)].data.ptr))
                channel->on_events(events[static_cast<std::size_t>(i)].events);
    }
    void wake() noexcept override {
        std::uint64_t const one = 1;
        static_cast<void>(::write(waker_, &one, sizeof one));
    }
    void abort_all() noexcept override {
        for (auto& channel : channels_) channel.cancel();
    }

    ErrorCode watch(int descriptor, int what, std::uint32_t events,
                    EpollChannel* channel) noexcept {
        epoll_event event{};
        event.events = events | EPOLLET;
        event.data.ptr = channel;
        return ::epoll_ctl(set_, what, descriptor, &event) == 0 ? ErrorCode() : last_error();
    }

    Loop& loop;

private:
    int set_;
    int waker_;
    boost::intrusive::list<EpollChannel, boost::intrusive::constant_time_size<false>> channels_;
};

/// Tells of `events` from now on, of those that hold already too.
ErrorCode EpollChannel::watch(std::uint32_t events) noexcept {
    if ((watched_ & events) == events) return {};
    auto const what = watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    watched_ |= events;
    return engine_.watch(descriptor_, what, watched_, this);
}

void EpollChannel::begin(Side& side, Operation& operation, Doing doing,
                         Buffers const& buffers) noexcept {
    side.operation = &operation;
    side.doing = doing;
    side.buffers = buffers;
    operation.waits_at = this;
    if (side.ready || ended_) attempt(side);
    // A socket that only sends has no use for the edges that unix sockets give for every byte that
    // the other side reads: watched from the first full buffer on.
    if (!side.operation) return;
    auto const error =
        watch(&side == &in_ ? EPOLLIN | EPOLLRDHUP : EPOLLIN | EPOLLRDHUP | EPOLLOUT);
    if (error) end(side, error);
}

void EpollChannel::connect(Operation& operation, SocketAddress const& address) {
    out_.operation = &operation;
    out_.doing = Doing::connecting;
    operation.waits_at = this;
    int const done = ::connect(descriptor_, address.data(), static_cast<socklen_t>(address.size()));
    if (done == 0) return end(out_, {});
    if (errno != EINPROGRESS) return end(out_, last_error());
    out_.ready = false;
    if (auto const error = watch(EPOLLIN | EPOLLRDHUP | EPOLLOUT)) end(out_, error);
}

void EpollChannel::cancel() noexcept {
    if (in_.operation) end(in_, asio::error::operation_aborted);
    if (out_.operation) end(out_, asio::error::operation_aborted);
}

void EpollChannel::cancel(Operation& operation) noexcept {
    if (in_.operation == &operation) end(in_, asio::error::operation_aborted);
    if (out_.operation == &operation) end(out_, asio::error::operation_aborted);
}

void EpollChannel::on_events(std::uint32_t events) noexcept {
    bool const ended = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    ended_ = ended_ || ended;
    if (ended || (events & EPOLLIN)) {
        in_.ready = true;
        if (in_.operation) attempt(in_);
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        out_.ready = true;
        if (out_.operation) attempt(out_);
    }
}

/// Ends the operation, unless the socket would block.
void EpollChannel::attempt(Side& side) noexcept {
    std::size_t count = 0;
    auto const error = perform(side, count);
    if (would_block(error)) {
        side.ready = false;
        return;
    }
    // A short read has emptied the socket, a short write has filled it.
    bool const whole = side.doing == Doing::accepting || count == side.buffers.bytes;
    side.ready = whole || (ended_ && &side == &in_);
    end(side, error, count);
}

ErrorCode EpollChannel::perform(Side& side, std::size_t& count) noexcept {
    switch (side.doing) {
        case Doing::reading:
            return receive(side.buffers, count);
        case Doing::writing:
            return send(side.buffers, count);
        case Doing::accepting: {
            int const got = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
            if (got < 0) return last_error();
            count = static_cast<std::size_t>(got);
            return {};
        }
        case Doing::connecting: {
            int failure = 0;
            socklen_t size = sizeof failure;
            ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &failure, &size);
            return {failure, boost::system::system_category()};
        }
        case Doing::nothing:
            break;
    }
    return {};
}

ErrorCode EpollChannel::receive(Buffers const& buffers, std::size_t& count) noexcept {
    ssize_t got = 0;
    if (buffers.count == 1) {
        got =
            ::recv(descriptor_, buffers.parts[0].iov_base, buffers.parts[0].iov_len, MSG_DONTWAIT);
    } else {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(buffers.parts.data());
        message.msg_iovlen = buffers.count;
        got = ::recvmsg(descriptor_, &message, MSG_DONTWAIT);
    }
    if (got < 0) return last_error();
    if (got == 0) {
        ended_ = true;
        return asio::error::eof;
    }
    count = static_cast<std::size_t>(got);
    return {};
}

ErrorCode EpollChannel::send(Buffers const& buffers, std::size_t& count) noexcept {
    ssize_t sent = 0;
    if (buffers.count == 1) {
        sent = ::send(descriptor_, buffers.parts[0].iov_base, buffers.parts[0].iov_len,
                      MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(buffers.parts.data());
        message.msg_iovlen = buffers.count;
        sent = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (sent < 0) return last_error();
    count = static_cast<std::size_t>(sent);
    return {};
}

void EpollChannel::end(Side& side, ErrorCode error, std::size_t count) noexcept {
    side.doing = Doing::nothing;
    engine_.loop.complete(*std::exchange(side.operation, nullptr), error, count);
}

}  // namespace

std::unique_ptr<Engine> make_epoll_engine(Loop& loop) {
    return std::make_unique<EpollEngine>(loop);
}

}  // namespace grover::net
