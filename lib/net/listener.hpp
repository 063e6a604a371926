// Accepts connections on a TCP port or a unix socket and hands them to loops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.hpp"
#include "net/stream.hpp"

namespace grover::net {

/// Belongs to the thread of the loop it accepts on.
class Listener {
public:
    /// Called on the target's thread, with a connected socket.
    using OnAccept = std::function<void(Loop& target, Socket socket, std::string peer)>;

    /// Whether another process of the same user may listen on the same port at the same time.
    enum class Port { alone, shared };

    /// One listener per loop on the same port (SO_REUSEPORT): the kernel spreads the connections
    /// and nothing crosses a thread. Port 0 takes a free one, the same for all. Throws ConfigError
    /// when the address is unusable, or still taken after a second.
    static std::vector<std::unique_ptr<Listener>> tcp(Loops& loops, std::string const& host,
                                                      std::uint16_t port,
                                                      Port sharing = Port::alone);
    /// One listener on the first loop that deals its connections out in turn. The file of a dead
    /// process is replaced; throws ConfigError when somebody answers there for a second or the file
    /// is not a socket. Only the owner may connect.
    static std::unique_ptr<Listener> unix_socket(Loops& loops, std::string const& path);

    ~Listener();
    Listener(Listener const&) = delete;
    Listener& operator=(Listener const&) = delete;

    Loop& loop() noexcept;
    /// 0 for a unix socket.
    std::uint16_t port() const noexcept;
    /// Connections wait in the kernel's queue until this. When the process has no descriptor left,
    /// accepting pauses for 100 ms and goes on.
    void start(OnAccept on_accept);
    /// Hands over what waits in the kernel's queue, which close() would reset, and closes, within
    /// the next turns of the loop; calls `done` then. Once, on a listener that was started; on the
    /// loop's thread.
    void drain(std::function<void()> done);
    /// Stops accepting and removes the socket file. Idempotent; on the loop's thread, or when it
    /// does not run.
    void close() noexcept;

private:
    class Impl;
    explicit Listener(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl>
        impl_;  // shared with the accepting coroutine, which ends later than close()
};

}  // namespace grover::net
