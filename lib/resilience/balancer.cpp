#include "resilience/balancer.hpp"

#include <algorithm>
#include <cmath>

namespace grover::resilience {
namespace {

constexpr double points_per_weight = 100;
constexpr std::size_t points_max = 10'000;
constexpr double bound_over_mean = 1.25;
constexpr double better_by = 1.25;

/// The n-th set bit.
int nth(std::uint64_t set, std::size_t n) noexcept {
    for (; n > 0; --n) set &= set - 1;
    return std::countr_zero(set);
}

/// SplitMix64 (Steele, Lea, Flood 2014): spreads any number over all 64 bits.
std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

constexpr std::uint64_t bit(std::size_t i) noexcept {
    return std::uint64_t{1} << i;
}

}  // namespace

Balancer::Balancer(Policy policy, std::uint64_t seed, double panic_below) noexcept
    : policy_(policy), panic_below_(panic_below), state_(seed) {}

void Balancer::set(std::span<Member const> members) {
    members = members.first(std::min(members.size(), members_max));
    bool const same_ring =
        members.size() == members_.size() &&
        std::ranges::equal(members, members_, [](Member const& a, Member const& b) {
            return a.identity == b.identity && a.weight == b.weight;
        });
    members_.assign(members.begin(), members.end());
    turns_.resize(members_.size());
    std::uint64_t all = 0, usable = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (members_[i].weight <= 0) continue;
        all |= bit(i);
        if (members_[i].usable) usable |= bit(i);
    }
    panicking_ = std::popcount(usable) == 0 ||
                 std::popcount(usable) < panic_below_ * double(std::popcount(all));
    panicking_ = panicking_ && all != usable;
    eligible_ = panicking_ ? all : usable;

    equal_ = true;
    double sum = 0, first = 0;
    for (auto left = eligible_; left != 0; left &= left - 1) {
        auto const weight = members_[static_cast<std::size_t>(std::countr_zero(left))].weight;
        if (sum == 0) first = weight;
        equal_ = equal_ && weight == first;
        sum += weight;
    }
    mean_weight_ = eligible_ ? sum / std::popcount(eligible_) : 1;
    if (policy_ == Policy::ring_hash && !same_ring) build_ring();
}

int Balancer::pick(Question const& question) noexcept {
    auto const among = eligible_ & ~question.exclude;
    if (among == 0) return none;
    if (std::has_single_bit(among)) return std::countr_zero(among);
    switch (policy_) {
        case Policy::round_robin:
            return pick_in_turn(among);
        case Policy::ring_hash:
            return pick_on_ring(question.key, among);
        default:
            return pick_of_two(question, among);
    }
}

int Balancer::pick_in_turn(std::uint64_t among) noexcept {
    double sum = 0;
    int best = none;
    for (auto left = among; left != 0; left &= left - 1) {
        auto const i = static_cast<std::size_t>(std::countr_zero(left));
        turns_[i] += members_[i].weight;
        sum += members_[i].weight;
        if (best == none || turns_[i] > turns_[static_cast<std::size_t>(best)])
            best = static_cast<int>(i);
    }
    turns_[static_cast<std::size_t>(best)] -= sum;
    return best;
}

int Balancer::pick_of_two(Question const& question, std::uint64_t among) noexcept {
    auto const count = static_cast<std::size_t>(std::popcount(among));
    int first = none, second = none;
    if (equal_) {
        auto const a = below(count), b = below(count - 1);
        first = nth(among, a);
        second = nth(among, b + (b >= a));
    } else {
        first = pick_by_weight(among);
        second = nth(among & ~bit(static_cast<std::size_t>(first)), below(count - 1));
    }
    auto const mine = cost(static_cast<std::size_t>(first), question.now);
    auto const other = cost(static_cast<std::size_t>(second), question.now);
    return other * (equal_ ? 1 : better_by) < mine ? second : first;
}

int Balancer::pick_by_weight(std::uint64_t among) noexcept {
    double sum = 0;
    for (auto left = among; left != 0; left &= left - 1)
        sum += members_[static_cast<std::size_t>(std::countr_zero(left))].weight;
    auto at = static_cast<double>(random() >> 11) / 0x1p53 * sum;
    int last = none;
    for (auto left = among; left != 0; left &= left - 1) {
        last = std::countr_zero(left);
        at -= members_[static_cast<std::size_t>(last)].weight;
        if (at < 0) break;
    }
    return last;
}

double Balancer::cost(std::size_t i, TimePoint now) const noexcept {
    auto const& member = members_[i];
    auto const busy = member.load->in_flight() * (equal_ ? 1 : mean_weight_ / member.weight);
    if (policy_ == Policy::least_request) return busy + 1;
    auto const latency = member.load->latency.value(now);
    // Never measured: one call at a time finds out, the others go where it is known.
    if (latency == 0) return busy == 0 ? 0 : busy * 1e12;
    return latency * (busy + 1);
}

void Balancer::build_ring() {
    ring_.clear();
    double sum = 0;
    for (auto const& member : members_) sum += std::max(member.weight, 0.0);
    auto const scale = std::min(1.0, points_max / std::max(sum * points_per_weight, 1.0));
    for (std::uint32_t i = 0; i < members_.size(); ++i) {
        auto const& member = members_[i];
        if (member.weight <= 0) continue;
        auto const points = std::max(1.0, std::round(member.weight * points_per_weight * scale));
        for (std::uint64_t p = 0; p < static_cast<std::uint64_t>(points); ++p)
            ring_.push_back({mix(mix(member.identity) ^ p), i});
    }
    std::ranges::sort(ring_, {}, &Point::at);
}

int Balancer::pick_on_ring(std::uint64_t key, std::uint64_t among) noexcept {
    double busy = 1, weights = 0;
    for (auto left = among; left != 0; left &= left - 1) {
        auto const& member = members_[static_cast<std::size_t>(std::countr_zero(left))];
        busy += member.load->in_flight();
        weights += member.weight;
    }
    auto const start = std::ranges::lower_bound(ring_, mix(key), {}, &Point::at) - ring_.begin();
    int first = none;
    for (std::size_t n = 0; n < ring_.size(); ++n) {
        auto const& point = ring_[(static_cast<std::size_t>(start) + n) % ring_.size()];
        if (!(among & bit(point.member))) continue;
        if (first == none) first = static_cast<int>(point.member);
        auto const& member = members_[point.member];
        auto const room = std::ceil(bound_over_mean * busy * member.weight / weights);
        if (member.load->in_flight() < room) return static_cast<int>(point.member);
    }
    return first;
}

std::uint64_t Balancer::random() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    return mix(state_);
}

/// 0 to bound - 1 (Lemire's multiplication).
std::size_t Balancer::below(std::size_t bound) noexcept {
    return static_cast<std::size_t>(((random() >> 32) * bound) >> 32);
}

}  // namespace grover::resilience
