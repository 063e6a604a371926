#include "gateway/upstream.hpp"

#include "base/error.hpp"
#include "base/limits.hpp"

namespace grover::gateway {
namespace {

constexpr auto idle_time_max = std::chrono::seconds(30);  // less than the services' own limit

}  // namespace

Upstream::Upstream(net::Loop& loop, std::string name, net::Endpoint endpoint)
    : loop_(loop),
      name_(std::move(name)),
      endpoint_(std::move(endpoint)),
      authority_(endpoint_.authority()) {
    sweep_ = loop.on_sweep([this](TimePoint now) { close_idle(now); });
}

net::Task<std::unique_ptr<Connection>> Upstream::take(TimePoint deadline) {
    if (idle_.empty()) co_return co_await connect(deadline);
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    connection->reused = true;
    co_return connection;
}

net::Task<std::unique_ptr<Connection>> Upstream::connect(TimePoint deadline) {
    auto const until =
        std::min(deadline, std::chrono::steady_clock::now() + limits::connect_time_max);
    for (auto const& address : co_await net::resolve(loop_, endpoint_, until)) {
        auto connection = std::make_unique<Connection>(loop_);
        connection->stream.expires_at(until);
        auto const [error] = co_await connection->stream.async_connect(address, net::use_tuple);
        if (error) continue;
        connection->stream.without_delay();
        co_return connection;
    }
    throw Error(ErrorCode::unavailable, "the " + name_ + " service cannot be reached")
        .with_retry_after(std::chrono::seconds(1));
}

void Upstream::give_back(std::unique_ptr<Connection> connection) {
    if (idle_.size() >= limits::upstream_idle_max) return;
    connection->filled = 0;
    connection->stream.never_expires();
    connection->idle_since = std::chrono::steady_clock::now();
    idle_.push_back(std::move(connection));
}

void Upstream::close_idle(TimePoint now) {
    auto const fresh = std::ranges::find_if(idle_, [&](auto const& connection) {
        return now - connection->idle_since < idle_time_max;
    });
    idle_.erase(idle_.begin(), fresh);
}

}  // namespace grover::gateway
