#include "gateway/content.hpp"

#include <array>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/error.hpp"
#include "gateway/cache/answer.hpp"
#include "gateway/cache/key.hpp"
#include "gateway/content_delivery.hpp"
#include "gateway/landing.hpp"

namespace grover::gateway {
namespace {

constexpr std::array<CacheVerdict, 6> verdicts{"hit",         "miss",      "stale",
                                               "revalidated", "collapsed", "bypass"};

std::string key_of(http::Exchange const& exchange, cache::RouteSettings const& route,
                   Asking const& asking) {
    auto const& head = exchange.head();
    return cache::with_apart(
        cache::make_key(exchange.scheme(), head.host, head.target, route.query), asking.apart());
}

/// A request that no stored answer is for, though its own may be kept.
class PassedBy {
public:
    PassedBy(cache::Cache& cache, http::Exchange const& exchange, cache::RouteSettings const& route,
             bool authenticated, Asking const& asking)
        : request_(exchange.head(), key_of(exchange, route, asking), authenticated),
          fetch_(cache, request_, route, cache.pass_by(request_, route), system_now()) {}
    PassedBy(PassedBy const&) = delete;
    PassedBy& operator=(PassedBy const&) = delete;

    cache::Fetch& fetch() noexcept { return fetch_; }

private:
    cache::Request request_;
    cache::Fetch fetch_;
};

std::string with_collapsed(std::string status, bool collapsed) {
    if (collapsed) status += "; collapsed";
    return status;
}

}  // namespace

Content::Content(cache::Settings const& settings, telemetry::Metrics& metrics)
    // shared_ptr: a fetch in the background may end after this.
    : cache_(std::make_shared<cache::Cache>(settings)) {
    for (std::size_t i = 0; i < verdicts.size(); ++i)
        verdicts_[i] = &metrics.counter("gateway_cache_total", "Requests to cached routes",
                                        {{"verdict", std::string(verdicts[i])}});
}

CacheVerdict Content::count(CacheVerdict verdict) noexcept {
    for (std::size_t i = 0; i < verdicts.size(); ++i)
        if (verdicts[i] == verdict) verdicts_[i]->add();
    return verdict;
}

net::Task<CacheVerdict> Content::serve(http::Exchange& exchange, ContentRules const& rules,
                                       bool authenticated, Asking& asking, Audience* audience) {
    auto const& head = exchange.head();
    if (rules.cache && cache::may_look_up(head))
        co_return count(co_await from_cache(exchange, rules, authenticated, asking, audience));
    std::optional<PassedBy> passed;
    if (rules.cache) passed.emplace(*cache_, exchange, *rules.cache, authenticated, asking);
    ContentDelivery delivery(exchange, rules.compression, passed ? &passed->fetch() : nullptr);
    if (rules.spellings && !http::is_safe(head.method))
        delivery.before_answer([&](http::ReplyHead const& answer) {
            auto const url = cache::make_key(exchange.scheme(), head.host, head.target, {});
            cache_->invalidate(url, answer, *rules.spellings);
        });
    co_await asking.ask(delivery);
    co_return rules.cache ? count("bypass") : CacheVerdict();
}

net::Task<CacheVerdict> Content::from_cache(http::Exchange& exchange, ContentRules const& rules,
                                            bool authenticated, Asking& asking,
                                            Audience* audience) {
    using What = cache::Decision::What;
    auto const& route = *rules.cache;
    cache::Request const request(exchange.head(), key_of(exchange, route, asking), authenticated);
    auto decision = cache_->decide(request, route, system_now());
    bool collapsed = false;
    if (decision.what == What::wait) {
        auto const landing = co_await landed(
            cache_->flights(), request.key,
            std::min(asking.deadline(), std::chrono::steady_clock::now() + route.collapse),
            exchange);
        collapsed = landing.has_value();
        if (landing == cache::Landing::failed && decision.entry &&
            cache::usable_on_error(*decision.entry, request, route, system_now())) {
            decision.what = What::send;
        } else {
            decision =
                cache_->decide(request, route, system_now(), cache::Cache::Patience::do_not_wait);
        }
    }
    if (decision.what == What::refuse)
        throw Error(ErrorCode::gateway_timeout, "nothing is stored that could answer this");
    if (decision.what == What::fetch)
        co_return co_await fetch(exchange, rules, request, std::move(decision), asking, audience);
    auto const entry = decision.entry;
    auto const now = system_now();
    bool const stale = entry->freshness.left_ms(now) <= 0;
    if (decision.what == What::send_and_refresh)
        refresh(exchange, rules, request, std::move(decision), asking);
    co_await send_stored(exchange, *cache_, request.key, entry, rules.compression,
                         with_collapsed(cache::hit_status(*entry, now), collapsed));
    if (collapsed) co_return "collapsed";
    co_return stale ? "stale" : "hit";
}

net::Task<CacheVerdict> Content::fetch(http::Exchange& exchange, ContentRules const& rules,
                                       cache::Request const& request, cache::Decision decision,
                                       Asking& asking, Audience* audience) {
    cache::Fetch fetch(*cache_, request, *rules.cache, std::move(decision), system_now());
    if (audience) audience->share_while([&fetch] { return fetch.is_for_others(); });
    ContentDelivery delivery(exchange, rules.compression, &fetch);
    co_await asking.ask(delivery);
    co_return delivery.verdict();
}

void Content::refresh(http::Exchange const& exchange, ContentRules const& rules,
                      cache::Request const& request, cache::Decision decision, Asking& asking) {
    // shared_ptr: the coroutine is movable only while it has not begun.
    auto const copy = std::make_shared<Refresh>(cache_, exchange, *rules.cache, request.key,
                                                std::move(decision), asking.again());
    net::asio::co_spawn(
        exchange.loop().executor(), [copy]() -> net::Task<> { co_await copy->run(); },
        net::asio::detached);
}

}  // namespace grover::gateway
