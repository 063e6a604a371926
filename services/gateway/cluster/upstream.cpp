#include "gateway/cluster/upstream.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/sip_hash.hpp"
#include "gateway/http1_attempt.hpp"
#include "gateway/http2_attempt.hpp"

namespace grover::gateway {
namespace {

using resilience::Balancer;
using resilience::Steady;

constexpr double slow_start_weight_min = 0.1;

Balancer::Policy policy_of(Balance balance) noexcept {
    switch (balance) {
        case Balance::round_robin:
            return Balancer::Policy::round_robin;
        case Balance::least_request:
            return Balancer::Policy::least_request;
        case Balance::peak_ewma:
            return Balancer::Policy::peak_ewma;
        case Balance::ring_hash:
            break;
    }
    return Balancer::Policy::ring_hash;
}

/// Where an instance stands on the ring: the same in every gateway.
std::uint64_t identity_of(Instance const& instance) noexcept {
    return SipHash(0, 0)(instance.origin);
}

}  // namespace

Upstream::Upstream(net::Loop& loop, std::shared_ptr<Cluster> cluster, http::TlsContext& tls)
    : loop_(loop), cluster_(std::move(cluster)), tls_(tls), hedge_clock_(loop) {
    rebuild();
    sweep_ = loop.on_sweep([this](auto now) {
        if (starting_slowly_) rebuild();
        look();
        for (auto const& place : places_)
            if (place) place->sweep(now);
    });
}

void Upstream::must_run() {
    if (state()->instances.empty()) throw not_running();
}

Error Upstream::not_running() const {
    return Error(ErrorCode::unavailable, "the " + name() + " service is not running")
        .with_retry_after(std::chrono::seconds(30));
}

void Upstream::rebuild() {
    seen_ = cluster_->version();
    auto const before = std::exchange(state_, cluster_->state());
    auto const& settings = state_->settings;
    auto const now = Steady::now();
    bool const other_balance = !before || before->settings.balance != settings.balance ||
                               before->settings.panic_below != settings.panic_below;
    if (!balancer_ || other_balance) {
        balancer_.emplace(policy_of(settings.balance), random_u64(), settings.panic_below.value);
        ring_.emplace(Balancer::Policy::ring_hash, 0, settings.panic_below.value);
    }
    std::array<Balancer::Member, Balancer::members_max> members;
    members.fill({.weight = 0});
    auto const old_places = std::exchange(places_, {});
    members_ = 0;
    starting_slowly_ = false;
    auto const ejected = state_->outliers->ejected();
    std::size_t end = 0;
    for (auto const& instance : state_->instances) {
        auto& place = places_[instance->slot];
        place = old_places[instance->slot];
        if (!place || place->instance != instance)
            place = std::make_shared<Place>(loop_, instance, tls_);
        place->protocol = settings.protocol;
        bool const up = instance->up;
        // Nobody keeps a connection to who goes: it would wait for us.
        if (!up) place->drop_idle();
        auto const bit = std::uint64_t{1} << instance->slot;
        members[instance->slot] = {.load = &instance->load,
                                   .weight = weight_of(*instance, now),
                                   .usable = up && !(ejected & bit),
                                   .identity = identity_of(*instance)};
        members_ |= bit;
        end = std::max(end, instance->slot + 1);
    }
    balancer_->set(std::span(members).first(end));
    ring_->set(std::span(members).first(end));
}

/// What is new gets little at first and its share after the time of the slow start.
double Upstream::weight_of(Instance const& instance, TimePoint now) noexcept {
    double const weight = instance.weight;
    auto const since = instance.new_since.load();
    auto const whole = std::chrono::nanoseconds(state_->settings.slow_start).count();
    auto const age = resilience::ns_of(now) - since;
    if (since == 0 || age >= whole) return weight;
    starting_slowly_ = true;
    return weight * std::max(slow_start_weight_min, double(age) / double(whole));
}

std::optional<Upstream::Choice> Upstream::pick(RouteGuard& guard, Question question,
                                               TimePoint& retry_at) {
    look();
    auto& balancer = question.by_key ? *ring_ : *balancer_;
    for (;;) {
        auto const slot =
            balancer.pick({.now = question.now, .exclude = question.exclude, .key = question.key});
        if (slot == Balancer::none) return {};
        auto const at = static_cast<std::size_t>(slot);
        using Verdict = resilience::CircuitBreaker::Verdict;
        if (!guard.enabled()) return Choice{places_[at], Verdict::closed};
        auto& breaker = guard.breaker(at);
        auto const verdict = breaker.admit(question.now);
        if (verdict != Verdict::open) return Choice{places_[at], verdict};
        question.exclude |= std::uint64_t{1} << at;
        auto const opens = std::max(breaker.opens_at(), question.now);
        retry_at = retry_at == TimePoint{} ? opens : std::min(retry_at, opens);
    }
}

std::unique_ptr<Attempt> Upstream::kept(PlacePtr const& place) {
    if (place->speaks_http2(Steady::now())) {
        auto stream = place->shared.kept();
        return stream ? std::make_unique<Http2Attempt>(place, std::move(stream)) : nullptr;
    }
    auto connection = place->connections.kept();
    if (!connection) return nullptr;
    return std::make_unique<Http1Attempt>(place, std::move(connection), true);
}

net::Task<std::unique_ptr<Attempt>> Upstream::connect(PlacePtr place, TimePoint deadline) {
    if (auto attempt = kept(place)) co_return attempt;
    try {
        if (place->speaks_http2(Steady::now()))
            if (auto stream = co_await place->shared.open(
                    deadline, place->protocol == Protocol::http2 ? http::h2::Http1::never
                                                                 : http::h2::Http1::possible))
                co_return std::make_unique<Http2Attempt>(place, std::move(stream));
    } catch (Error const&) {
        co_return nullptr;
    }
    if (place->protocol == Protocol::http2) co_return nullptr;
    co_return co_await connect_anew(std::move(place), deadline);
}

net::Task<std::unique_ptr<Attempt>> Upstream::connect_anew(PlacePtr place, TimePoint deadline) {
    try {
        auto connection = co_await place->connections.connect(deadline);
        co_return std::make_unique<Http1Attempt>(place, std::move(connection), false);
    } catch (Error const&) {
        co_return nullptr;
    }
}

}  // namespace grover::gateway
