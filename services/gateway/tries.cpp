#include "gateway/tries.hpp"

#include "base/error.hpp"
#include "gateway/deliver.hpp"
#include "gateway/http1_attempt.hpp"

namespace grover::gateway {
namespace {

bool may_repeat(http::RequestHead const& head) noexcept {
    return head.method == "GET" || head.method == "HEAD" || head.method == "OPTIONS" ||
           head.contains("Idempotency-Key");
}

}  // namespace

Upstream::Upstream(net::Loop& loop, std::string called, net::Endpoint const& endpoint,
                   http::TlsContext& tls)
    : name(std::move(called)), authority(endpoint.authority()), connections(loop, endpoint, tls) {
    sweep = loop.on_sweep([this](auto now) { connections.sweep(now); });
}

net::Task<> relay(http::Exchange& exchange, Upstream& upstream, std::string_view identity,
                  Delivery& delivery) {
    auto forward = Forward::of(exchange, identity);
    forward.edits = delivery.edits();
    if (!exchange.body_complete()) forward.first = co_await exchange.read_raw();
    if (!exchange.body_complete()) forward.body = &exchange;
    co_await relay(forward, upstream, delivery);
}

net::Task<> relay(Forward const& forward, Upstream& upstream, Delivery& delivery) {
    auto connection = upstream.connections.kept();
    // One for a kept connection that has just been closed, one for a service that is just ending:
    // its last connections may still be accepted and then reset.
    int more = forward.whole() && may_repeat(forward.request) ? 2 : 0;
    for (;; --more) {
        if (!connection) connection = co_await upstream.connections.connect(forward.deadline);
        Http1Attempt attempt(std::move(connection), upstream.authority);
        auto const outcome = co_await attempt.ask(forward);
        if (outcome == Outcome::answered) {
            co_await delivery.deliver(attempt);
            if (auto free = attempt.release()) upstream.connections.keep(std::move(free));
            co_return;
        }
        if (outcome == Outcome::late)
            throw Error(ErrorCode::gateway_timeout,
                        "the " + upstream.name + " service did not answer in time");
        if (more == 0 || outcome != Outcome::lost || !attempt.heard_nothing())
            throw Error(ErrorCode::bad_gateway, "the " + upstream.name + " service broke off");
    }
}

}  // namespace grover::gateway
