#include "gateway/landing.hpp"

#include <memory>

#include <boost/asio/post.hpp>

#include "net/timer.hpp"

namespace grover::gateway {
namespace {

struct Waiting {
    explicit Waiting(net::Executor executor) : timer(executor) {}
    net::Timer timer;
    std::optional<cache::Landing> landing;
};

}  // namespace

net::Task<std::optional<cache::Landing>> landed(cache::Flights& flights, std::string_view key,
                                                std::chrono::steady_clock::time_point until) {
    auto const executor = co_await net::this_executor();
    // shared_ptr: the fetch may end after this request, or this request before the fetch. It is
    // touched and freed on this loop only: the flight's reference moves back here with the post.
    auto waiting = std::make_shared<Waiting>(executor);
    waiting->timer.expires_at(until);
    bool const under_way =
        flights.on_landing(key, [executor, waiting](cache::Landing landing) mutable {
            boost::asio::post(executor, [waiting = std::move(waiting), landing] {
                waiting->landing = landing;
                waiting->timer.cancel();
            });
        });
    if (!under_way) co_return std::nullopt;
    co_await waiting->timer.async_wait(net::use_tuple);
    co_return waiting->landing;
}

}  // namespace grover::gateway
