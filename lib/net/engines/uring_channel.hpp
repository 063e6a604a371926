// One socket of the io_uring engine, as a state machine: operations and completions change its
// state, prepare() makes submissions of it, once a turn. Internal to the engine.
//
// Receiving: a multishot receive stays armed in the kernel and fills the loop's shared buffers.
// What nobody waits for is kept (stash) and disarms the receive; a stream whose reader does not
// keep up goes on with single receives into the reader's own memory, so that at most what one turn
// brings (32 buffers) is ever kept.
//
// Sending: up to copied_bytes_max are copied to the engine's arena, and the write ends at once.
// They leave with the turn's one submission, asked not to wait and to tell of failure only: when
// the submission returns, all of it is with the kernel, or a completion says how much is not. The
// rest (a slow reader) is kept and sent as the socket takes it; the next write waits for that.
// Larger writes go from the writer's own memory and end with what the socket took of them at once.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "net/engine.hpp"

struct io_uring_cqe;

namespace grover::net {

class UringEngine;

struct AllTag;
struct DirtyTag;
struct HoldingTag;
struct SentTag;
struct ClosingTag;
template <class Which>
using UringHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                     boost::intrusive::tag<Which>>;

class UringChannel final : public Channel,
                           public UringHook<AllTag>,
                           public UringHook<DirtyTag>,
                           public UringHook<HoldingTag>,
                           public UringHook<SentTag>,
                           public UringHook<ClosingTag> {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::size_t copied_bytes_max = 32 << 10;

    UringChannel(UringEngine& engine, int descriptor) noexcept
        : Channel(descriptor), engine_(engine) {}

    void read(Operation& operation, Buffers const& buffers) override;
    void write(Operation& operation, Buffers const& buffers) override;
    std::size_t write_now(Buffers const& buffers) noexcept override;
    void connect(Operation& operation, SocketAddress const& address) override;
    void accept(Operation& operation) override;
    void stop_accepting() noexcept override;
    void cancel() noexcept override;
    void cancel(Operation& operation) noexcept override;
    bool stale() noexcept override;
    void shutdown_send() noexcept override;
    void release() noexcept override;

    // For the engine, in the order of a turn.
    /// Nobody reads what has come: out of the shared buffers with it.
    void put_aside();
    /// Makes submissions.
    void prepare();
    /// A completion of the receiving side, or of the sending side.
    void on_received(io_uring_cqe const& completion);
    void on_sent(io_uring_cqe const& completion);
    /// After the submission of a copied send and all its completions.
    void settle();
    /// What waits for the end of sending: the next write, the end of the stream. Once the arena is
    /// empty again, for it may put something there.
    void go_on() noexcept;
    /// The reader gets what the turn has brought.
    void deliver();
    /// Destroys a released channel that nothing refers to any more.
    bool destroy_if_done() noexcept;

    TimePoint close_by() const noexcept { return close_by_; }
    void give_up() noexcept;
    /// The loop has ended: nothing is in flight, nothing will be submitted.
    void abandon() noexcept;

private:
    enum class Receiving { nothing, multishot, direct };
    enum class Sending { nothing, copied, rest, direct, connecting };
    struct Piece {
        unsigned buffer;
        unsigned begin;
        unsigned end;
    };
    struct Side {
        Operation* operation = nullptr;
        Buffers buffers{};
        bool cancel = false;  // the kernel is to be asked to let go
        bool cancelled = false;
    };

    bool has_input() const noexcept { return !pieces_.empty() || stash_begin_ < stash_.size(); }
    std::size_t take(Buffers const& buffers) noexcept;
    void on_multishot(io_uring_cqe const& completion, bool last);
    void on_direct(int result);
    void on_accepted(int result, bool last);
    void end_accept() noexcept;
    void begin_write() noexcept;
    bool copy(Buffers const& buffers) noexcept;
    void on_copied_failed(int result);
    void on_rest_sent(int result);
    void prepare_receive();
    void prepare_send();
    void end(Side& side, ErrorCode error, std::size_t count = 0) noexcept;
    void mark() noexcept;

    UringEngine& engine_;
    Side in_;
    Side out_;
    Receiving receiving_ = Receiving::nothing;
    Sending sending_ = Sending::nothing;
    bool listens_ = false;
    bool accepts_no_more_ = false;
    bool submitted_ = false;  // what sending_ says, but for copied: that is done within the turn
    bool released_ = false;
    bool shut_down_after_ = false;  // what is being sent
    bool bulk_ = false;             // the reader is slower than the sender: no multishot
    unsigned short_reads_ = 0;      // in a row, while bulk_
    ErrorCode in_error_;            // behind what has come: eof, too
    ErrorCode out_error_;
    std::vector<Piece> pieces_;  // in the shared buffers
    std::string stash_;          // before them
    std::size_t stash_begin_ = 0;
    std::vector<int> accepted_;  // nobody has taken them yet
    char* copied_ = nullptr;     // in the arena, not yet submitted or just so
    std::size_t copied_bytes_ = 0;
    std::string rest_;  // of a copied send that the socket did not take
    std::size_t rest_begin_ = 0;
    std::unique_ptr<SocketAddress> address_;
    std::unique_ptr<msghdr> message_;
    TimePoint close_by_ = TimePoint::max();
};

}  // namespace grover::net
