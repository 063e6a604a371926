// What an engine does for a loop: moves bytes and waits. Two stand behind this interface, epoll
// (engines/epoll.cpp) and io_uring (engines/uring.cpp); README.md tells how they differ. Internal
// to lib/net: everybody else uses Stream and Listener.
//
// An engine runs nobody's code: it gives the operations that have ended to its loop
// (Loop::complete), whose turn runs them.
#pragma once

#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>

#include "net/operation.hpp"
#include "net/socket.hpp"

namespace grover::net {

class Loop;

/// The parts of a buffer sequence, as many as one operation takes: reading and writing "some" may
/// leave the rest to the next.
struct Buffers {
    static constexpr std::size_t parts_max = 4;

    std::array<iovec, parts_max> parts{};
    std::size_t count = 0;
    std::size_t bytes = 0;

    void add(void const* data, std::size_t size) noexcept {
        if (size == 0 || count == parts_max) return;
        parts[count++] = {const_cast<void*>(data), size};
        bytes += size;
    }
};

/// One socket. One operation at a time of reading (or accepting) and one of writing (or
/// connecting); each ends exactly once, through the loop's queue and never inside the call that
/// began it. The memory of an operation's buffers is not touched after its end.
class Channel : public Waiting {
public:
    Channel(Channel const&) = delete;
    Channel& operator=(Channel const&) = delete;

    virtual void read(Operation& operation, Buffers const& buffers) = 0;
    virtual void write(Operation& operation, Buffers const& buffers) = 0;
    /// Stream::write_now().
    virtual std::size_t write_now(Buffers const& buffers) noexcept = 0;
    virtual void connect(Operation& operation, SocketAddress const& address) = 0;
    /// Ends with the new socket's descriptor as the count.
    virtual void accept(Operation& operation) = 0;
    /// Connections that the engine has taken already still come out of accept(), which ends with
    /// eof from then on: whatever waits in the kernel's queue is the caller's to take.
    virtual void stop_accepting() noexcept = 0;
    /// Ends what waits with operation_aborted.
    virtual void cancel() noexcept = 0;
    using Waiting::cancel;
    /// Stream::stale().
    virtual bool stale() noexcept = 0;
    virtual void shutdown_send() noexcept = 0;
    /// Closes the socket, ends what waits and destroys the channel, as soon as nothing refers to
    /// it any more.
    virtual void release() noexcept = 0;

    int descriptor() const noexcept { return descriptor_; }

protected:
    explicit Channel(int descriptor) noexcept : descriptor_(descriptor) {}
    virtual ~Channel() = default;

    int descriptor_;
};

struct ReleaseChannel {
    void operator()(Channel* channel) const noexcept { channel->release(); }
};
using ChannelPtr = std::unique_ptr<Channel, ReleaseChannel>;

class Engine {
public:
    virtual ~Engine() = default;

    /// Once, on the loop's thread, before the first turn.
    virtual void begin() {}
    /// A socket as this engine wants it; -1 and errno when there is none to be had.
    virtual int open_socket(int family) noexcept = 0;
    /// Takes the descriptor over.
    virtual ChannelPtr adopt(int descriptor) = 0;
    /// Sends what is collected, then waits for the first event until `patience` is over and
    /// collects everything that has ended.
    virtual void turn(std::chrono::nanoseconds patience) = 0;
    /// Ends the present or the next wait. From any thread.
    virtual void wake() noexcept = 0;
    /// Ends every operation. The kernel touches nobody's memory afterwards. On the loop's thread at
    /// its end, and again when it is destroyed.
    virtual void abort_all() noexcept = 0;
};

std::unique_ptr<Engine> make_epoll_engine(Loop& loop);
std::unique_ptr<Engine> make_uring_engine(Loop& loop);

}  // namespace grover::net
