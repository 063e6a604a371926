// Long: one request from its first try to its last, with all that decides about another one.
#include "gateway/tries.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "base/sip_hash.hpp"
#include "gateway/audience.hpp"
#include "net/async.hpp"
#include "net/expiring.hpp"

namespace grover::gateway {
namespace {

using resilience::Duration;
using resilience::Steady;
using resilience::TimePoint;
using Verdict = resilience::CircuitBreaker::Verdict;

/// The answer is one that the service could give: what it says of the request is not its failure.
bool is_good(int status) noexcept {
    return status < 500 || status == 501 || status == 505;
}

/// The connection was at its end, which says nothing of the instance.
bool is_stale(Attempt const* attempt, Outcome outcome) noexcept {
    return attempt != nullptr && (outcome == Outcome::lost || outcome == Outcome::unsent) &&
           attempt->maybe_stale();
}

std::string_view name_of(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::closed:
            return "closed";
        case Verdict::probe:
            return "half_open";
        case Verdict::open:
            break;
    }
    return "open";
}

resilience::Priority priority_of(ResilienceSettings const& settings,
                                 std::string_view method) noexcept {
    if (settings.importance)
        return static_cast<resilience::Priority>(static_cast<int>(*settings.importance));
    return http::is_safe(method) ? resilience::Priority::read : resilience::Priority::write;
}

std::optional<std::int64_t> number(std::string_view text) noexcept {
    std::int64_t value = 0;
    auto const* end = text.data() + text.size();
    auto const [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end || value < 0 || value > 1'000'000'000) return {};
    return value;
}

/// A try that is counted where balancing looks, while it lives. Its breaker is told how it ended,
/// or at the latest by the destructor that it came to no end: the client may leave in the middle.
class Counted {
public:
    Counted(Upstream::Choice choice, std::shared_ptr<RouteGuard> guard)
        : choice_(std::move(choice)), guard_(std::move(guard)) {
        load().enter();
    }
    ~Counted() {
        cancel();
        load().leave();
    }
    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;

    Upstream::Choice const& choice() const noexcept { return choice_; }
    Instance& instance() const noexcept { return *choice_.place->instance; }
    resilience::Load& load() const noexcept { return instance().load; }

    /// How long the service has worked: since it had the whole request. Nothing while the body is
    /// still coming, which takes as long as the client likes.
    std::optional<Duration> took(TimePoint now) const noexcept {
        auto const whole = attempt ? attempt->whole_at() : TimePoint{};
        if (whole == TimePoint::max()) return {};
        return now - std::max(began, whole);
    }
    /// Once; what comes after it is not told.
    void tell(bool good, TimePoint now) noexcept {
        if (std::exchange(told_, true)) return;
        auto const time = took(now).value_or(Duration::zero());
        breaker().record(choice_.verdict, {.error = !good, .took = time}, now);
    }
    void cancel() noexcept {
        if (!std::exchange(told_, true)) breaker().cancel(choice_.verdict);
    }
    /// It was given up with its answer outstanding: slow it may have been, failed it has not.
    void given_up(TimePoint now) noexcept {
        auto const time = took(now).value_or(Duration::zero());
        load().latency.add_at_least(now, time);
        auto const slow = guard_->settings().slow_call;
        if (slow.count() > 0 && time > slow)
            tell(true, now);
        else
            cancel();
    }

    void has_told() noexcept { told_ = true; }

    std::unique_ptr<Attempt> attempt;
    TimePoint began = Steady::now();

private:
    resilience::CircuitBreaker& breaker() const noexcept {
        return guard_->breaker(instance().slot);
    }

    Upstream::Choice choice_;
    std::shared_ptr<RouteGuard> guard_;  // a hedge may outlive its request
    bool told_ = false;
};

class Tries;

/// The second of two tries that run at once. It outlives its Tries by a moment when it has lost.
struct Hedge {
    Hedge(Upstream::Choice choice, std::shared_ptr<RouteGuard> of)
        : counted(std::move(choice), std::move(of)) {}
    Counted counted;
    Outcome outcome = Outcome::unsent;
    bool ended = false;
    bool over = false;  // the Tries is gone or has its answer: nothing of it may be touched
};

class Tries : private net::Expiring {
public:
    Tries(Forward const& forward, Upstream& upstream, TryRules const& rules, Delivery& delivery,
          TryReport& report)
        : Expiring(upstream.loop()),
          forward_(forward),
          upstream_(upstream),
          cluster_(upstream.cluster()),
          rules_(rules),
          delivery_(delivery),
          report_(report),
          state_(upstream.state()) {
        if (forward.audience) expires_at(Steady::now() + limits::client_looked_for_after);
    }
    ~Tries() {
        end_hedge();
        leave(false);
    }
    Tries(Tries const&) = delete;
    Tries& operator=(Tries const&) = delete;

    net::Task<> run();

private:
    net::Task<Outcome> try_once(Upstream::Choice choice);
    net::Task<> deliver_beside_body(Attempt& attempt);
    net::Task<Outcome> settle_with_hedge(Outcome outcome);
    void start_hedge();
    static net::Task<> run_hedge(Tries* tries, std::shared_ptr<Hedge> hedge);
    void end_hedge() noexcept;
    bool hedges() const noexcept;
    void on_expiry() noexcept override;

    void note(Upstream::Choice const& choice) {
        report_.instance_kept = choice.place->instance;
        report_.instance = report_.instance_kept->origin;
        report_.breaker = name_of(choice.verdict);
    }
    bool admit();
    void leave(bool good) noexcept;
    bool may_go_on(Outcome outcome, bool stale);
    net::Task<> pause_before_next();
    void record(Counted& counted, Outcome outcome) noexcept;
    bool was_cut_short(Duration took, TimePoint now) const noexcept;
    net::Task<> give_up(Outcome outcome, TimePoint retry_at);
    Error failure(Outcome outcome, TimePoint retry_at) const;
    bool is_retry_status(int status) const noexcept {
        return std::ranges::find(state_->settings.retries.statuses, status) !=
               state_->settings.retries.statuses.end();
    }

    Forward const& forward_;
    Upstream& upstream_;
    Cluster& cluster_;
    TryRules const& rules_;
    Delivery& delivery_;
    TryReport& report_;
    Cluster::StatePtr const state_;  // the rules under which this request runs
    TimePoint const began_ = Steady::now();
    bool admitted_ = false;
    bool delivering_ = false;
    bool lost_ = false;               // nobody is there to be answered, or may be any more
    std::uint64_t tried_ = 0;         // slots that have failed it
    bool reached_ = false;            // an instance may have done what was asked
    std::optional<Counted> current_;  // the last try
    std::shared_ptr<Hedge> hedge_;    // beside it
};

net::Task<> Tries::run() {
    if (!admit()) {
        cluster_.shed.add();
        report_.admission = "shed";
        co_return co_await give_up(Outcome::unsent, Steady::now() + 1s);
    }
    cluster_.budget.deposit();
    auto last = Outcome::unsent;
    for (;;) {
        TimePoint retry_at{};
        Upstream::Question question{.now = Steady::now(), .exclude = tried_};
        if (rules_.settings.sticky || state_->settings.balance == Balance::ring_hash) {
            question.by_key = rules_.settings.sticky;
            question.key = SipHash(
                0, 0)(forward_.sticky_by.empty() ? forward_.peer_address : forward_.sticky_by);
        }
        auto choice = upstream_.pick(*rules_.guard, question, retry_at);
        if (!choice) co_return co_await give_up(last, retry_at);
        last = co_await try_once(*std::move(choice));
        auto* const attempt = current_->attempt.get();
        if (lost_) {
            if (attempt) co_await attempt->drop_body();
            throw http::Disconnected();
        }
        bool const answered = last == Outcome::answered;
        reached_ = reached_ || last != Outcome::unsent;
        if (!answered || is_retry_status(attempt->head().status)) {
            if (may_go_on(last, is_stale(attempt, last))) {
                co_await pause_before_next();
                continue;
            }
            if (!answered) co_return co_await give_up(last, {});
        }
        leave(is_good(attempt->head().status));
        delivering_ = true;
        if (attempt->head().status == 101) never_expires();  // A tunnel sees to its own end.
        if (forward_.whole())
            co_await delivery_.deliver(*attempt);
        else
            co_await deliver_beside_body(*attempt);
        attempt->done();
        co_return;
    }
}

/// The request's body may still be under way, and must not be when this ends.
net::Task<> Tries::deliver_beside_body(Attempt& attempt) {
    bool const refused = attempt.head().status >= 400;
    std::exception_ptr failure;
    try {
        co_await delivery_.deliver(attempt);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await (failure || refused ? attempt.drop_body() : attempt.finish_body());
    if (failure) std::rethrow_exception(failure);
}

/// At every sweep of the loop, once the request is a long one. A session that ends does not stop
/// what it has asked for, the end of the session perhaps, but what goes on after it.
void Tries::on_expiry() noexcept {
    auto& audience = *forward_.audience;
    bool const revoked = audience.is_revoked();
    lost_ = lost_ || audience.has_left() || (delivering_ && revoked);
    if (!lost_) return;
    if (current_ && current_->attempt) current_->attempt->cancel();
    if (hedge_ && !hedge_->ended && hedge_->counted.attempt) hedge_->counted.attempt->cancel();
}

/// One try, and one more beside it when it takes long; current_ is the one that counts.
net::Task<Outcome> Tries::try_once(Upstream::Choice choice) {
    note(choice);
    ++report_.tries;
    auto& mine = current_.emplace(std::move(choice), rules_.guard);
    HedgeClock::Wait wait([this] { start_hedge(); });
    if (hedges()) {
        auto const delay = rules_.guard->hedge_delay(state_->settings.hedging, mine.began);
        if (delay.count() > 0) upstream_.hedge_clock().start(wait, delay);
    }
    auto outcome = Outcome::unsent;
    auto const& place = mine.choice().place;
    if (forward_.websocket)
        mine.attempt = co_await Upstream::connect_anew(place, forward_.deadline);
    else if (!(mine.attempt = Upstream::kept(place)))
        mine.attempt = co_await Upstream::connect(place, forward_.deadline);
    bool const beaten = hedge_ && hedge_->ended && hedge_->outcome == Outcome::answered;
    if (mine.attempt && !beaten)
        outcome = co_await mine.attempt->ask(forward_);
    else if (!mine.attempt && Steady::now() >= forward_.deadline)
        outcome = Outcome::late;
    if (hedge_) co_return co_await settle_with_hedge(outcome);
    record(mine, outcome);
    co_return outcome;
}

bool Tries::hedges() const noexcept {
    auto const& settings = state_->settings;
    return settings.hedging.enabled && rules_.settings.hedging && rules_.settings.retries &&
           state_->instances.size() > 1 && forward_.whole() && !forward_.websocket &&
           forward_.first.empty() && report_.tries == 1 && settings.retries.tries_max > 1 &&
           (forward_.request.method == "GET" || forward_.request.method == "HEAD");
}

/// The first try takes longer than most: asks another instance too, if one is there to ask.
void Tries::start_hedge() {
    if (lost_) return;
    auto const now = Steady::now();
    TimePoint ignored{};
    auto other = upstream_.pick(
        *rules_.guard, {.now = now, .exclude = tried_ | current_->choice().bit()}, ignored);
    if (!other) return;
    if (!cluster_.budget.withdraw(now)) {
        rules_.guard->breaker(other->place->instance->slot).cancel(other->verdict);
        cluster_.retries_denied.add();
        return;
    }
    cluster_.hedges.add();
    report_.hedged = true;
    ++report_.tries;
    hedge_ = std::make_shared<Hedge>(*std::move(other), rules_.guard);
    net::asio::co_spawn(
        upstream_.loop().executor(), [this, hedge = hedge_] { return run_hedge(this, hedge); },
        net::asio::detached);
}

net::Task<> Tries::run_hedge(Tries* tries, std::shared_ptr<Hedge> hedge) {
    auto& counted = hedge->counted;
    auto attempt =
        hedge->over ? nullptr
                    : co_await Upstream::connect(counted.choice().place, tries->forward_.deadline);
    if (attempt && !hedge->over) {
        counted.attempt = std::move(attempt);
        hedge->outcome = co_await counted.attempt->ask(tries->forward_);
    }
    hedge->ended = true;
    if (hedge->over) co_return;
    tries->record(counted, hedge->outcome);
    bool const good =
        hedge->outcome == Outcome::answered && is_good(counted.attempt->head().status);
    if (!good)
        hedge->outcome = Outcome::lost;  // The first try decides alone.
    else if (auto& first = tries->current_->attempt)
        first->cancel();
}

/// Both tries were under way and the first has ended.
net::Task<Outcome> Tries::settle_with_hedge(Outcome outcome) {
    auto& mine = *current_;
    bool const good = outcome == Outcome::answered && is_good(mine.attempt->head().status);
    bool const beaten = hedge_->ended && hedge_->outcome == Outcome::answered;
    if (!beaten) record(mine, outcome);
    // The first has failed: the second may still make it good.
    while (!good && !hedge_->ended && Steady::now() < forward_.deadline) co_await net::pause(1ms);
    if (!hedge_->ended || hedge_->outcome != Outcome::answered || (good && !beaten)) {
        tried_ |= hedge_->counted.choice().bit();
        end_hedge();
        co_return outcome;
    }
    cluster_.hedges_won.add();
    auto const now = Steady::now();
    if (beaten) {
        // Not known to have failed, but slow: balancing should know, and a breaker may.
        mine.load().latency.add(now, now - mine.began);
        mine.tell(true, now);
    }
    auto const winner = std::exchange(hedge_, nullptr);
    winner->over = true;
    auto attempt = std::move(winner->counted.attempt);
    note(winner->counted.choice());
    auto const began = winner->counted.began;
    auto& counted = current_.emplace(winner->counted.choice(), rules_.guard);
    counted.has_told();  // in run_hedge()
    counted.attempt = std::move(attempt);
    counted.began = began;
    co_return Outcome::answered;
}

void Tries::end_hedge() noexcept {
    if (!hedge_) return;
    hedge_->over = true;
    if (!hedge_->ended && hedge_->counted.attempt) hedge_->counted.attempt->cancel();
    hedge_.reset();
}

/// A body that is still to come takes as long as the client likes: it is refused where the service
/// is full, and holds no place.
bool Tries::admit() {
    if (!state_->settings.concurrency.enabled) return true;
    if (!state_->limit->enter(priority_of(rules_.settings, forward_.request.method))) return false;
    report_.admission = "admitted";
    admitted_ = forward_.whole();
    if (!admitted_) state_->limit->leave();
    return true;
}

/// The service has done its work when the head of its answer is there: what follows is transport.
void Tries::leave(bool good) noexcept {
    if (!std::exchange(admitted_, false)) return;
    auto const now = Steady::now();
    // How long a failure took says nothing about the work.
    if (good)
        state_->limit->leave(now, now - current_->began);
    else
        state_->limit->leave();
}

/// The request may be sent once more; takes its share of the budget then.
bool Tries::may_go_on(Outcome outcome, bool stale) {
    auto const& settings = state_->settings.retries;
    auto const bit = current_->choice().bit();
    if (!stale) tried_ |= bit;
    bool const safe = outcome == Outcome::unsent ||
                      (!forward_.websocket && (http::is_safe(forward_.request.method) ||
                                               // Services take an empty one for none.
                                               !forward_.request.get("Idempotency-Key").empty()));
    // A body that comes piece by piece is there once, but nobody has had any of it yet.
    bool const can = forward_.whole() || !current_->attempt;
    if (!rules_.settings.retries || !safe || !can || report_.tries >= settings.tries_max ||
        !upstream_.has_another(tried_))
        return false;
    auto const now = Steady::now();
    if (now >= forward_.deadline) return false;
    // A connection that was ending has not even shown the request to the instance.
    bool const costs_nothing = stale && outcome == Outcome::unsent;
    if (!costs_nothing && !cluster_.budget.withdraw(now)) {
        cluster_.retries_denied.add();
        return false;
    }
    cluster_.retries.add();
    return true;
}

/// The first repetition goes to another instance at once; those after it wait, each about twice as
/// long, at random (full jitter: Brooker, "Exponential backoff and jitter", 2015).
net::Task<> Tries::pause_before_next() {
    current_->attempt.reset();
    auto const& settings = state_->settings.retries;
    if (report_.tries < 2) co_return;
    auto const most = std::min<Duration>(settings.pause * (1 << std::min(report_.tries - 2, 16)),
                                         settings.pause_max);
    auto const left = forward_.deadline - Steady::now();
    auto const span = std::min<Duration>(most, left).count();
    if (span > 0)
        co_await net::pause(
            Duration(static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(span))));
}

/// By the client's own deadline, or because earlier tries had used up the time: nobody knows when
/// the answer would have come.
bool Tries::was_cut_short(Duration took, TimePoint now) const noexcept {
    return now >= forward_.client_until || (forward_.whole() && took * 2 < now - began_);
}

/// Tells everybody who remembers how a try ended.
void Tries::record(Counted& counted, Outcome outcome) noexcept {
    auto const now = Steady::now();
    auto const took = counted.took(now);
    auto& instance = counted.instance();
    if (lost_ || is_stale(counted.attempt.get(), outcome)) return counted.cancel();
    if (outcome == Outcome::late && was_cut_short(took.value_or(Duration::zero()), now))
        return counted.given_up(now);
    bool const good = outcome == Outcome::answered && is_good(counted.attempt->head().status);
    counted.tell(good, now);
    cluster_.report(*state_, instance, good, now);
    if (!good)
        instance.load.latency.add_failure(now, took.value_or(Duration::zero()));
    else if (took)
        instance.load.latency.add(now, *took);
    if (good && forward_.whole()) rules_.guard->latencies.add(now, *took);
}

Error Tries::failure(Outcome outcome, TimePoint retry_at) const {
    if (state_->instances.empty()) return upstream_.not_running();
    auto const service = "the " + cluster_.name() + " service ";
    auto const wait = std::chrono::ceil<std::chrono::seconds>(retry_at - Steady::now());
    auto const seconds = std::max<std::chrono::seconds>(wait, 1s);
    if (report_.admission == "shed")
        return Error(ErrorCode::unavailable, "overloaded", service + "has too much to do")
            .with_retry_after(seconds);
    switch (outcome) {
        case Outcome::late:
            return Error(ErrorCode::gateway_timeout, service + "did not answer in time");
        case Outcome::lost:
            // A service that is just ending may accept a connection and drop it: what was never
            // answered and may be asked again is told like one that cannot be reached.
            if (http::is_safe(forward_.request.method) && current_->attempt &&
                current_->attempt->heard_nothing())
                break;
            [[fallthrough]];
        case Outcome::broken:
            return Error(ErrorCode::bad_gateway, service + "broke off");
        default:
            break;
    }
    return Error(ErrorCode::unavailable, service + "cannot be reached").with_retry_after(seconds);
}

net::Task<> Tries::give_up(Outcome outcome, TimePoint retry_at) {
    if (retry_at != TimePoint{} && report_.tries == 0 && report_.admission != "shed") {
        report_.breaker = "open";
        cluster_.refused_by_breaker.add();
    }
    auto const error = failure(outcome, retry_at);
    // Nobody is told that it went well what may have gone otherwise.
    bool const may_be_done = reached_ && !http::is_safe(forward_.request.method);
    auto const& otherwise = rules_.settings.fallback;
    if (!co_await delivery_.fall_back(error, otherwise && !may_be_done ? &*otherwise : nullptr))
        throw error;
}

/// The body, framed, as far as it comes in a moment, in `kept` where it came in pieces: what is
/// whole can be sent again, and holds a place at the service only while that works.
net::Task<std::string_view> begin_of_body(http::Exchange& exchange, TimePoint until,
                                          std::string& kept) {
    auto const& body = exchange.head().body;
    bool const large = body.kind() == http::BodyFraming::Kind::length &&
                       body.remaining() > limits::body_gathered_max;
    auto const wanted = large ? 1 : limits::body_gathered_max;
    while (!exchange.body_complete() && kept.size() < wanted &&
           co_await exchange.body_comes(until)) {
        auto const piece = co_await exchange.read_raw();
        if (kept.empty() && exchange.body_complete()) co_return piece;
        kept += piece;
    }
    co_return kept;
}

}  // namespace

TimePoint client_until_of(http::Exchange const& exchange) {
    auto const& head = exchange.head();
    if (auto const ms = number(head.get("X-Request-Timeout-Ms")))
        return exchange.started() + std::chrono::milliseconds(*ms);
    if (auto const seconds = number(head.get("Request-Timeout")))
        return exchange.started() + std::chrono::seconds(*seconds);
    return TimePoint::max();
}

TimePoint deadline_of(http::Exchange const& exchange, ResilienceSettings const& route,
                      TimePoint client_until) {
    return std::min<TimePoint>(exchange.moved() + route.timeout, client_until);
}

void bound(Forward& forward, http::Exchange const& exchange, TryRules const& rules) {
    forward.stream = &rules.settings.stream;
    forward.deadline = deadline_of(exchange, rules.settings, forward.client_until);
}

net::Task<> relay(http::Exchange& exchange, Forward forward, Upstream& upstream,
                  TryRules const& rules, Delivery& delivery, TryReport& report) {
    forward.edits = delivery.edits();
    forward.websocket = exchange.head().wants_websocket && exchange.head().minor_version > 0;
    bound(forward, exchange, rules);
    std::string kept;
    if (!exchange.body_complete()) {
        auto const until = exchange.started() + limits::body_awaited_max;
        forward.first = co_await begin_of_body(exchange, std::min(forward.deadline, until), kept);
    }
    if (!exchange.body_complete()) {
        forward.body = &exchange;
        forward.after_body = rules.settings.timeout;
    }
    co_await relay(forward, upstream, rules, delivery, report);
}

net::Task<> relay(Forward const& forward, Upstream& upstream, TryRules const& rules,
                  Delivery& delivery, TryReport& report) {
    Tries tries(forward, upstream, rules, delivery, report);
    co_await tries.run();
}

}  // namespace grover::gateway
