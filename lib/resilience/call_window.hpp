// How calls ended during the last so many seconds, in ten slots that are reused in turn. A call
// costs one atomic addition, a bad one two or three; the totals are read only when something went
// wrong.
//
// Thread-safe. Calls that meet in the instant in which a slot is reused may be lost: these are
// statistics. The window slides by a tenth at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "resilience/time.hpp"

namespace grover::resilience {

class CallWindow {
public:
    struct Counts {
        std::uint64_t calls = 0;
        std::uint64_t errors = 0;
        std::uint64_t slow = 0;

        double error_ratio() const noexcept { return ratio(errors); }
        double slow_ratio() const noexcept { return ratio(slow); }

    private:
        double ratio(std::uint64_t part) const noexcept {
            return calls == 0 ? 0 : static_cast<double>(part) / static_cast<double>(calls);
        }
    };

    explicit CallWindow(Duration window) noexcept
        : width_(std::max<std::int64_t>(window.count() / slots, 1)) {}

    void add(TimePoint now, bool error, bool slow) noexcept {
        auto& slot = slot_at(ns_of(now) / width_);
        slot.calls.fetch_add(1, std::memory_order_relaxed);
        if (error) slot.errors.fetch_add(1, std::memory_order_relaxed);
        if (slow) slot.slow.fetch_add(1, std::memory_order_relaxed);
    }

    Counts total(TimePoint now) const noexcept {
        auto const turn = ns_of(now) / width_;
        Counts out;
        for (auto const& slot : slots_) {
            auto const age = turn - slot.turn.load(std::memory_order_relaxed);
            if (age < 0 || age >= slots) continue;
            out.calls += slot.calls.load(std::memory_order_relaxed);
            out.errors += slot.errors.load(std::memory_order_relaxed);
            out.slow += slot.slow.load(std::memory_order_relaxed);
        }
        return out;
    }

    void clear() noexcept {
        for (auto& slot : slots_) reset(slot);
    }

private:
    static constexpr std::int64_t slots = 10;
    struct Slot {
        std::atomic<std::int64_t> turn{-1};
        std::atomic<std::uint32_t> calls{0};
        std::atomic<std::uint32_t> errors{0};
        std::atomic<std::uint32_t> slow{0};
    };

    static void reset(Slot& slot) noexcept {
        slot.calls.store(0, std::memory_order_relaxed);
        slot.errors.store(0, std::memory_order_relaxed);
        slot.slow.store(0, std::memory_order_relaxed);
    }
    Slot& slot_at(std::int64_t turn) noexcept {
        auto& slot = slots_[static_cast<std::size_t>(turn % slots)];
        auto seen = slot.turn.load(std::memory_order_relaxed);
        if (seen < turn && slot.turn.compare_exchange_strong(seen, turn, std::memory_order_relaxed))
            reset(slot);
        return slot;
    }

    std::int64_t width_;
    std::array<Slot, slots> slots_;
};

}  // namespace grover::resilience
