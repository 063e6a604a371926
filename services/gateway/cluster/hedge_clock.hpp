// "When this takes longer than so long, do that": for many requests at once and few that come to
// it. A wheel of slots of 5 ms: to start and to stop waiting is to link and to unlink. Nothing
// ticks while nobody waits.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>

#include <boost/intrusive/list.hpp>

#include "net/loop.hpp"

namespace grover::gateway {

/// Belongs to its loop.
class HedgeClock {
public:
    using Hook = boost::intrusive::list_base_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    /// Waits while it lives, until it is called once. Does not move.
    class Wait : public Hook {
    public:
        explicit Wait(std::function<void()> call) : call_(std::move(call)) {}
        virtual ~Wait() = default;
        Wait(Wait const&) = delete;
        Wait& operator=(Wait const&) = delete;

    private:
        friend class HedgeClock;
        std::function<void()> call_;
        std::int64_t due_ = 0;  // in ticks
    };

    explicit HedgeClock(net::Loop& loop);
    ~HedgeClock();

    /// Calls `wait` after `delay`, 5 ms more at the most when the loop is not held up.
    void start(Wait& wait, std::chrono::nanoseconds delay);

private:
    class Wheel;
    std::shared_ptr<Wheel> wheel_;  // shared with the ticking coroutine
    net::Loop& loop_;
};

}  // namespace grover::gateway
