// Which instance gets the next call.
//
//     Balancer balancer(Policy::peak_ewma, seed);
//     balancer.set(members);                          // when somebody came, went, fell ill or rose
//     auto const chosen = balancer.pick({.now = now, .exclude = tried});
//     if (chosen != Balancer::none) ... members[chosen] ...
//
// - round_robin: smooth weighted (nginx's algorithm): a weight of 2 is every second of three, not
//   two in a row. O(members).
// - least_request, peak_ewma: the better of two random ones (Mitzenmacher, "The power of two
// choices
//   in randomized load balancing", 2001), by calls in flight, or by latency x (calls in flight +
//   1). O(1). With unequal weights the first of the two is drawn by weight and the second must be
//   better by a quarter, so that the shares hold while nobody is in trouble.
// - ring_hash: by a key, on a ring of 100 points per unit of weight, passing over whoever has more
//   than 1.25 times the mean of the calls in flight (Mirrokni, Thorup, Zadimoghaddam, "Consistent
//   hashing with bounded loads", 2016): the same key meets the same instance, and no key makes one
//   hot. O(log points).
//
// Panic: when fewer than `panic_below` of the members are usable, all of them are used: better that
// some calls fail than that the few who are left drown.
//
// A Balancer belongs to one thread; Load is shared by all. Nothing allocates but set().
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "resilience/latency.hpp"

namespace grover::resilience {

/// What is going on at one instance, counted by all threads.
class Load {
public:
    void enter() noexcept { in_flight_.fetch_add(1, std::memory_order_relaxed); }
    void leave() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
    std::uint32_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

    PeakEwma latency;

private:
    std::atomic<std::uint32_t> in_flight_{0};
};

class Balancer {
public:
    enum class Policy : std::uint8_t { round_robin, least_request, peak_ewma, ring_hash };

    struct Member {
        Load const* load = nullptr;  // outlives its place here
        double weight = 1;           // 0 or less: gets nothing
        bool usable = true;
        std::uint64_t identity = 0;  // where it stands on the ring; the same in every process
    };
    struct Question {
        TimePoint now{};
        std::uint64_t exclude = 0;  // a bit per member: those that were tried already
        std::uint64_t key = 0;      // for ring_hash
    };

    static constexpr std::size_t members_max = 64;
    static constexpr int none = -1;

    Balancer(Policy policy, std::uint64_t seed, double panic_below = 0.25) noexcept;

    /// At most members_max; the rest is left out.
    void set(std::span<Member const> members);
    /// none when there is no member that is not excluded.
    int pick(Question const& question) noexcept;

    bool panicking() const noexcept { return panicking_; }

private:
    struct Point {
        std::uint64_t at;
        std::uint32_t member;
    };

    int pick_in_turn(std::uint64_t among) noexcept;
    int pick_of_two(Question const& question, std::uint64_t among) noexcept;
    int pick_on_ring(std::uint64_t key, std::uint64_t among) noexcept;
    int pick_by_weight(std::uint64_t among) noexcept;
    double cost(std::size_t member, TimePoint now) const noexcept;
    void build_ring();
    std::uint64_t random() noexcept;
    std::size_t below(std::size_t bound) noexcept;

    Policy policy_;
    double panic_below_;
    std::uint64_t state_;  // of random()
    std::vector<Member> members_;
    std::vector<double> turns_;  // of smooth round robin
    std::vector<Point> ring_;
    std::uint64_t eligible_ = 0;
    bool equal_ = true;  // all eligible have one weight
    double mean_weight_ = 1;
    bool panicking_ = false;
};

}  // namespace grover::resilience
