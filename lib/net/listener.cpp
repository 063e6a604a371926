#include "net/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/config.hpp"
#include "net/async.hpp"
#include "net/engine.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;

constexpr int backlog = 4096;
constexpr auto exhausted_pause = 100ms;
constexpr auto address_free_time = 1s;

[[noreturn]] void refuse(std::string const& where, std::string const& why) {
    throw ConfigError(fmt::format("cannot listen on {}: {}", where, why));
}
void require(bool good, std::string const& where) {
    if (!good) refuse(where, std::error_code(errno, std::system_category()).message());
}

void set(int descriptor, int level, int option, int value = 1) {
    ::setsockopt(descriptor, level, option, &value, sizeof value);
}

/// What a socket takes beyond what its other side has room for. Without it the kernel takes
/// megabytes, and whoever reads slowly frees none of it for longer than a write may take.
constexpr int unsent_bytes_max = 256 << 10;

SocketAddress tcp_address(std::string const& host, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* first = nullptr;
    int const failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &first);
    if (failure != 0) refuse(host, ::gai_strerror(failure));
    SocketAddress out(first->ai_addr, first->ai_addrlen, first->ai_protocol);
    ::freeaddrinfo(first);
    return out;
}

SocketAddress local_address(int descriptor) {
    SocketAddress out;
    auto size = static_cast<socklen_t>(out.capacity());
    if (::getsockname(descriptor, out.data(), &size) == 0) out.resize(size);
    return out;
}

std::uint16_t port_of(SocketAddress const& address) {
    sockaddr_in in{};  // sockaddr_in6 has its port in the same place
    std::memcpy(&in, address.data(), std::min(sizeof in, address.size()));
    return ntohs(in.sin_port);
}

std::string peer_text(int descriptor) {
    SocketAddress out;
    auto size = static_cast<socklen_t>(out.capacity());
    if (::getpeername(descriptor, out.data(), &size) != 0) return {};
    out.resize(size);
    return address_text(out);
}

/// Tries until it is done, or `address_free_time` is over. Of a process that was killed the kernel
/// takes io_uring apart behind its back: its listeners live some milliseconds longer than it.
bool tried(std::function<bool()> const& attempt) {
    auto const until = std::chrono::steady_clock::now() + address_free_time;
    while (!attempt()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

/// A socket at `address`, which listens not yet.
Socket bound(Loop& loop, SocketAddress const& address, std::string const& where, bool shared) {
    Socket out(loop.engine().open_socket(address.protocol().family()));
    require(out.native_handle() >= 0, where);
    set(out.native_handle(), SOL_SOCKET, SO_REUSEADDR);
    if (shared) set(out.native_handle(), SOL_SOCKET, SO_REUSEPORT);
    int bound = -1;
    static_cast<void>(tried([&] {
        bound = ::bind(out.native_handle(), address.data(), static_cast<socklen_t>(address.size()));
        return bound == 0 || errno != EADDRINUSE;
    }));
    require(bound == 0, where);
    return out;
}

/// Removes what a dead process left at `path`.
void clear_socket_path(std::string const& path, SocketAddress const& address) {
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0) return;
    if (!S_ISSOCK(file.st_mode)) refuse(path, "the file is not a socket");
    bool const dead = tried([&] {
        Socket const probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return ::connect(probe.native_handle(), address.data(),
                         static_cast<socklen_t>(address.size())) != 0 &&
               errno == ECONNREFUSED;
    });
    if (!dead) refuse(path, "another process does");
    ::unlink(path.c_str());
}

}  // namespace

class Listener::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Loop& accepting, std::vector<Loop*> receiving, Socket socket)
        : loop(accepting), targets(std::move(receiving)) {
        channel = loop.engine().adopt(socket.release());
    }

    Task<> accept_all() {
        while (channel) {
            auto const [error, descriptor] =
                co_await asio::async_initiate<decltype(use_tuple) const,
                                              void(ErrorCode, std::size_t)>(
                    [this](auto handler) {
                        channel->accept(make_operation<Takes::error_and_count>(std::move(handler)));
                    },
                    use_tuple);
            if (!error) {
                Socket socket(static_cast<int>(descriptor));
                if (channel) hand_over(std::move(socket));
            } else if (channel && error == asio::error::eof) {
                hand_over_waiting();
                close();
            } else if (channel && error != asio::error::connection_aborted) {
                // No descriptor or memory left: what waits in the queue stays there and would be
                // found again at once.
                co_await pause(exhausted_pause);
            }
        }
        if (on_drained) on_drained();
    }

    void close() noexcept {
        channel.reset();
        if (path.empty()) return;
        struct stat now{};
        bool const ours = ::lstat(path.c_str(), &now) == 0 && now.st_ino == inode;
        if (ours) ::unlink(path.c_str());
        path.clear();
    }

    Loop& loop;
    std::vector<Loop*> targets;
    ChannelPtr channel;  // none once it is closed
    OnAccept on_accept;
    std::function<void()> on_drained;
    std::uint16_t port = 0;
    std::string path;
    ino_t inode = 0;

private:
    void hand_over(Socket socket) {
        auto& target = *targets[turn_++ % targets.size()];
        auto peer = peer_text(socket.native_handle());
        if (&target == &loop) return on_accept(target, std::move(socket), std::move(peer));
        asio::post(target.executor(),
                   [&target, impl = shared_from_this(), socket = std::move(socket),
                    peer = std::move(peer)]() mutable {
                       impl->on_accept(target, std::move(socket), std::move(peer));
                   });
    }

    void hand_over_waiting() {
        ::fcntl(channel->descriptor(), F_SETFL, O_NONBLOCK);
        for (;;) {
            Socket socket(::accept4(channel->descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
            if (socket.native_handle() < 0) break;
            hand_over(std::move(socket));
        }
    }

    std::size_t turn_ = 0;
};

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() {
    close();
}

std::vector<std::unique_ptr<Listener>> Listener::tcp(Loops& loops, std::string const& host,
                                                     std::uint16_t port, Port sharing) {
    auto address = tcp_address(host, port);
    auto const where = fmt::format("{}:{}", host, port);
    // Sockets with SO_REUSEPORT would share the port with another process of the same user without
    // a word; one without it is refused.
    if (port != 0 && sharing == Port::alone) bound(loops.at(0), address, where, false);
    std::vector<std::unique_ptr<Listener>> out;
    for (std::size_t i = 0; i < loops.size(); ++i) {
        auto socket = bound(loops.at(i), address, where, true);
        int const descriptor = socket.native_handle();
        // Accepted sockets inherit both.
        set(descriptor, IPPROTO_TCP, TCP_NODELAY);
        set(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes_max);
        if (i == 0) address = local_address(descriptor);  // All others take the same port.
        require(::listen(descriptor, backlog) == 0, where);
        auto impl =
            std::make_shared<Impl>(loops.at(i), std::vector{&loops.at(i)}, std::move(socket));
        impl->port = port_of(address);
        out.push_back(std::unique_ptr<Listener>(new Listener(std::move(impl))));
    }
    return out;
}

std::unique_ptr<Listener> Listener::unix_socket(Loops& loops, std::string const& path) {
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        refuse(path, "the path is too long for a socket");
    SocketAddress const address = asio::local::stream_protocol::endpoint(path);
    clear_socket_path(path, address);
    auto socket = bound(loops.at(0), address, path, false);
    // Before listen(): until then nobody can connect.
    ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
    struct stat file{};
    bool const there = ::lstat(path.c_str(), &file) == 0;
    require(::listen(socket.native_handle(), backlog) == 0, path);
    std::vector<Loop*> targets;
    for (std::size_t i = 0; i < loops.size(); ++i) targets.push_back(&loops.at(i));
    auto impl = std::make_shared<Impl>(loops.at(0), std::move(targets), std::move(socket));
    if (there) impl->inode = file.st_ino;
    impl->path = path;
    return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

Loop& Listener::loop() noexcept {
    return impl_->loop;
}
std::uint16_t Listener::port() const noexcept {
    return impl_->port;
}

void Listener::start(OnAccept on_accept) {
    impl_->on_accept = std::move(on_accept);
    asio::co_spawn(
        impl_->loop.executor(), [impl = impl_] { return impl->accept_all(); }, asio::detached);
}

void Listener::drain(std::function<void()> done) {
    impl_->on_drained = std::move(done);
    if (impl_->channel) impl_->channel->stop_accepting();
}

void Listener::close() noexcept {
    impl_->close();
}

}  // namespace grover::net
