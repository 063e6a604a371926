#include "gateway/landing.hpp"

#include <memory>

#include <boost/asio/post.hpp>

#include "base/limits.hpp"
#include "net/expiring.hpp"
#include "net/timer.hpp"

namespace grover::gateway {
namespace {

struct Waiting {
    explicit Waiting(net::Executor executor) : timer(executor) {}
    net::Timer timer;
    std::optional<cache::Landing> landing;
};

/// Ends the wait once the client has left: at a sweep of the loop, when the wait is a long one.
class Watch final : private net::Expiring {
public:
    Watch(http::Exchange const& client, net::Timer& wait)
        : Expiring(client.loop()), client_(client), wait_(wait) {
        expires_at(std::chrono::steady_clock::now() + limits::client_looked_for_after);
    }
    bool client_has_left() const noexcept { return left_; }

private:
    void on_expiry() noexcept override {
        left_ = left_ || client_.client_has_left();
        if (left_) wait_.cancel();
    }

    http::Exchange const& client_;
    net::Timer& wait_;
    bool left_ = false;
};

}  // namespace

net::Task<std::optional<cache::Landing>> landed(cache::Flights& flights, std::string_view key,
                                                std::chrono::steady_clock::time_point until,
                                                http::Exchange const& client) {
    auto const executor = co_await net::this_executor();
    // shared_ptr: the fetch may end after this request, or this request before the fetch. It is
    // touched and freed on this loop only: the flight's reference moves back here with the post.
    auto waiting = std::make_shared<Waiting>(executor);
    waiting->timer.expires_at(until);
    auto const place = flights.on_landing(key, [executor, waiting](cache::Landing landing) mutable {
        boost::asio::post(executor, [waiting = std::move(waiting), landing] {
            waiting->landing = landing;
            waiting->timer.cancel();
        });
    });
    if (!place) co_return std::nullopt;
    Watch const watch(client, waiting->timer);
    co_await waiting->timer.async_wait(net::use_tuple);
    if (watch.client_has_left()) throw http::Disconnected();
    co_return waiting->landing;
}

}  // namespace grover::gateway
