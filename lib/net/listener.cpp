#include "net/listener.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "base/config.hpp"
#include "net/async.hpp"

namespace grover::net {
namespace {

using namespace std::chrono_literals;
using Acceptor = asio::basic_socket_acceptor<Protocol, Executor>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
using boost::system::error_code;

constexpr int backlog = 4096;
constexpr auto exhausted_pause = 100ms;

void require(error_code error, std::string const& where) {
    if (error) throw ConfigError(fmt::format("cannot listen on {}: {}", where, error.message()));
}

void bind_to(Acceptor& acceptor, SocketAddress const& address, std::string const& where,
             bool shared) {
    error_code error;
    acceptor.open(address.protocol(), error);
    require(error, where);
    acceptor.set_option(asio::socket_base::reuse_address(true));
    if (shared) acceptor.set_option(ReusePort(true));
    acceptor.bind(address, error);
    require(error, where);
}

SocketAddress tcp_address(Loop& loop, std::string const& host, std::uint16_t port) {
    error_code error;
    asio::ip::tcp::resolver resolver(loop.context());
    auto const found =
        resolver.resolve(host, std::to_string(port), asio::ip::resolver_base::passive, error);
    require(error, host);
    return found.begin()->endpoint();
}

std::uint16_t port_of(Acceptor const& acceptor) {
    auto const address = acceptor.local_endpoint();
    asio::ip::tcp::endpoint out;
    out.resize(address.size());
    std::memcpy(out.data(), address.data(), address.size());
    return out.port();
}

/// Removes what a dead process left at `path`.
void clear_socket_path(Loop& loop, std::string const& path) {
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0) return;
    if (!S_ISSOCK(file.st_mode))
        throw ConfigError(fmt::format("cannot listen on {}: the file is not a socket", path));
    asio::local::stream_protocol::socket probe(loop.context());
    error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(path), error);
    if (error != asio::error::connection_refused)
        throw ConfigError(fmt::format("cannot listen on {}: another process does", path));
    ::unlink(path.c_str());
}

}  // namespace

class Listener::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(Loop& loop, std::vector<Loop*> targets)
        : loop(loop), targets(std::move(targets)), acceptor(loop.executor()) {}

    Task<> accept_all(OnAccept on_accept) {
        for (std::size_t turn = 0; acceptor.is_open(); ++turn) {
            Loop& target = *targets[turn % targets.size()];
            SocketAddress peer;
            auto [error, socket] =
                co_await acceptor.async_accept(target.executor(), peer, use_tuple);
            if (!acceptor.is_open()) co_return;
            if (!error) {
                hand_over(target, std::move(socket), address_text(peer), on_accept);
            } else if (error != asio::error::connection_aborted) {
                // No descriptor or memory left: what waits in the queue stays there and would be
                // found again at once.
                co_await pause(exhausted_pause);
            }
        }
    }

    void close() noexcept {
        error_code ignored;  // The descriptor is gone in any case.
        acceptor.close(ignored);
        if (path.empty()) return;
        struct stat now{};
        bool const ours = ::lstat(path.c_str(), &now) == 0 && now.st_ino == inode;
        if (ours) ::unlink(path.c_str());
        path.clear();
    }

    Loop& loop;
    std::vector<Loop*> targets;
    Acceptor acceptor;
    std::uint16_t port = 0;
    std::string path;
    ino_t inode = 0;

private:
    void hand_over(Loop& target, Socket socket, std::string peer, OnAccept const& on_accept) {
        if (&target == &loop) return on_accept(target, std::move(socket), std::move(peer));
        asio::post(target.executor(), [&target, on_accept, socket = std::move(socket),
                                       peer = std::move(peer)]() mutable {
            on_accept(target, std::move(socket), std::move(peer));
        });
    }
};

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() {
    close();
}

std::vector<std::unique_ptr<Listener>> Listener::tcp(Loops& loops, std::string const& host,
                                                     std::uint16_t port) {
    auto const address = tcp_address(loops.at(0), host, port);
    auto const where = fmt::format("{}:{}", host, port);
    if (port != 0) {
        // Sockets with SO_REUSEPORT would share the port with another process of the same user
        // without a word; one without it is refused.
        Acceptor probe(loops.at(0).executor());
        bind_to(probe, address, where, false);
    }
    std::vector<std::unique_ptr<Listener>> out;
    for (std::size_t i = 0; i < loops.size(); ++i) {
        auto impl = std::make_shared<Impl>(loops.at(i), std::vector{&loops.at(i)});
        auto const shared = i == 0 ? address : out[0]->impl_->acceptor.local_endpoint();
        bind_to(impl->acceptor, shared, where, true);
        impl->acceptor.set_option(asio::ip::tcp::no_delay(true));  // Accepted sockets inherit it.
        impl->port = port_of(impl->acceptor);
        error_code error;
        impl->acceptor.listen(backlog, error);
        require(error, where);
        out.push_back(std::unique_ptr<Listener>(new Listener(std::move(impl))));
    }
    return out;
}

std::unique_ptr<Listener> Listener::unix_socket(Loops& loops, std::string const& path) {
    asio::local::stream_protocol::endpoint address;
    try {
        address.path(path);
    } catch (boost::system::system_error const&) {
        throw ConfigError(
            fmt::format("cannot listen on {}: the path is too long for a socket", path));
    }
    clear_socket_path(loops.at(0), path);
    std::vector<Loop*> targets;
    for (std::size_t i = 0; i < loops.size(); ++i) targets.push_back(&loops.at(i));
    auto impl = std::make_shared<Impl>(loops.at(0), std::move(targets));
    bind_to(impl->acceptor, address, path, false);
    // Before listen(): until then nobody can connect.
    ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
    struct stat file{};
    if (::lstat(path.c_str(), &file) == 0) impl->inode = file.st_ino;
    impl->path = path;
    error_code error;
    impl->acceptor.listen(backlog, error);
    require(error, path);
    return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

Loop& Listener::loop() noexcept {
    return impl_->loop;
}
std::uint16_t Listener::port() const noexcept {
    return impl_->port;
}

void Listener::start(OnAccept on_accept) {
    asio::co_spawn(
        impl_->loop.executor(),
        [impl = impl_, on_accept = std::move(on_accept)] { return impl->accept_all(on_accept); },
        asio::detached);
}

void Listener::close() noexcept {
    impl_->close();
}

}  // namespace grover::net
