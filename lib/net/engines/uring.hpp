// The engine that asks the kernel once a turn: sends, receives and waiting are one
// io_uring_enter(2). Internal to lib/net/engines.
#pragma once

#include <cstdint>

#include "net/engines/ring.hpp"
#include "net/engines/uring_channel.hpp"

namespace grover::net {

class UringEngine final : public Engine {
public:
    /// What a completion belongs to, in the low bits of its user data, above them the channel.
    enum Tag : unsigned { ignored = 0, receiving = 1, sending = 2, waking = 3 };

    explicit UringEngine(Loop& loop);
    ~UringEngine() override;

    void begin() override;
    int open_socket(int family) noexcept override;
    ChannelPtr adopt(int descriptor) override;
    void turn(std::chrono::nanoseconds patience) override;
    void wake() noexcept override;
    void abort_all() noexcept override;

    // For channels.
    bool alive() const noexcept { return state_ != State::ended; }
    /// Has something to submit.
    void mark(UringChannel& channel) noexcept;
    /// Keeps received data in the shared buffers.
    void mark_holding(UringChannel& channel) noexcept;
    void unmark_holding(UringChannel& channel) noexcept;
    /// Goes on once this turn's sends are settled.
    void mark_sent(UringChannel& channel) noexcept;
    void mark_closing(UringChannel& channel) noexcept;
    /// The next turn does not wait: something goes on as soon as it has been submitted.
    void hurry() noexcept { hurry_ = true; }
    /// Whose last completion says completed().
    io_uring_sqe& submission() noexcept {
        ++in_flight_;
        return ring.entry();
    }
    io_uring_sqe& uncounted_submission() noexcept { return ring.entry(); }
    void submit_cancel(UringChannel& channel, Tag tag) noexcept;
    void completed() noexcept { --in_flight_; }
    static std::uint64_t user_data(UringChannel const* channel, Tag tag) noexcept {
        return reinterpret_cast<std::uint64_t>(channel) | tag;
    }

    Loop& loop;
    Ring ring;
    Arena arena;

private:
    enum class State { fresh, running, ended };
    template <class Which>
    using List = boost::intrusive::list<UringChannel, boost::intrusive::base_hook<UringHook<Which>>,
                                        boost::intrusive::constant_time_size<false>>;

    void prepare();
    void collect();
    void settle();
    void close_late_ones();
    void dispatch(io_uring_cqe const& completion);
    void wait_for_wake();

    int waker_;
    std::uint64_t wakes_ = 0;
    bool hurry_ = false;
    State state_ = State::fresh;
    std::size_t in_flight_ = 0;
    List<AllTag> all_;
    List<DirtyTag> dirty_;
    List<HoldingTag> holding_;
    List<SentTag> sent_;
    List<ClosingTag> closing_;
};

}  // namespace grover::net
