// Up or down by what probes say: `fall` bad ones in a row take an instance down, `rise` good ones
// bring it back (HAProxy's rise and fall). One that was never probed is taken for up, and the very
// first probe decides alone: a start is neither held up nor sent to who is not there.
#pragma once

#include <cstdint>

namespace grover::resilience {

class Health {
public:
    struct Options {
        std::uint32_t rise = 2;
        std::uint32_t fall = 3;
    };
    enum class Change { none, up, down };

    Health() noexcept : Health(Options{}) {}
    explicit Health(Options options) noexcept : options_(options) {}

    Change on_probe(bool good) noexcept {
        if (good == up_) {
            against_ = 0;
            probed_ = true;
            return Change::none;
        }
        auto const needed = !probed_ ? 1 : up_ ? options_.fall : options_.rise;
        probed_ = true;
        if (++against_ < needed) return Change::none;
        return set(good);
    }
    /// Without counting: the instance says itself that it goes.
    Change take_down() noexcept {
        probed_ = true;
        return up_ ? set(false) : Change::none;
    }
    bool up() const noexcept { return up_; }

private:
    Change set(bool up) noexcept {
        up_ = up;
        against_ = 0;
        return up ? Change::up : Change::down;
    }

    Options options_;
    bool up_ = true;
    bool probed_ = false;
    std::uint32_t against_ = 0;
};

}  // namespace grover::resilience
